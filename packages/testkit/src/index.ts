export { type Connected, connectAs } from './connect.js';
export { reasonOf, violationsOf } from './errors.js';
export { openTestbed, type Testbed } from './testbed.js';
export { until } from './until.js';
