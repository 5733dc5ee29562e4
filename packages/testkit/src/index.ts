export { issueThroughIntermediate, mountSecret } from './certificates.js';
export { type Connected, connectAs } from './connect.js';
export { reasonOf, retryAfterMsOf, violationsOf } from './errors.js';
export { type Events, openEvents } from './events.js';
export { openTestbed, type Testbed } from './testbed.js';
export { until } from './until.js';
