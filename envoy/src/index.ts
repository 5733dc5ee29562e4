export type { Addresses, Edge } from './edge.js';
export { renderEnvoy, writeEnvoy } from './render.js';
export { edgeReasons } from './replies.js';
export { validateEnvoy } from './validate.js';
