export { commentOf, documented } from './documented.js';
export { callersInWords, rateInWords } from './words.js';
