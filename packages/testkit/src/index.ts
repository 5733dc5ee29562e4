export { type Connected, connectAs } from './connect.js';
export { reasonOf, retryAfterMsOf, violationsOf } from './errors.js';
export { type Events, openEvents } from './events.js';
export { type Random, randomOf } from './random.js';
export { type Answer, type CallOptions, callGrpc, callHttp, callWeb, framed, messageOf, outcomeOf } from './raw-call.js';
export { killServices, spawnService } from './service-process.js';
export { openTestbed, type Testbed } from './testbed.js';
export { until } from './until.js';
