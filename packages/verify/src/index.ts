export { canonical, type Json } from './canonical.js';
export {
  type Checkpoint,
  checkpointForm,
  checkpointFrom,
  checkpointJson,
  fingerprintOf,
  hashOfCheckpoint,
  isSignedBy,
  keyIdOf,
  pemOf,
  publicKeyFrom,
  type SignedCheckpoint,
  type Signer,
  signCheckpoint,
  signerFrom,
} from './checkpoint.js';
export { type ExportedEntry, type Format, headOf, lineOf, type Manifest, manifestText } from './format.js';
export { type Content, commitmentOf, type EntryFacts, entryHash, HASH_BYTES, hashFrom, hex, recordHash, ZERO } from './hashes.js';
export { growingTree, treeOf, verifyConsistency, verifyInclusion } from './merkle.js';
export { type Finding, type Report, type Trust, verifyExport } from './verify-export.js';
