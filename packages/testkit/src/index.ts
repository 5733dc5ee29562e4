export { issueThroughIntermediate, mountSecret } from './certificates.js';
export { type Connected, connectAs } from './connect.js';
export { reasonOf, retryAfterMsOf, violationsOf } from './errors.js';
export { type Events, openEvents } from './events.js';
export { type Answer, type CallOptions, callGrpc, callHttp, callWeb, framed, messageOf, outcomeOf } from './raw-call.js';
export { openTestbed, type Testbed } from './testbed.js';
export { until } from './until.js';
