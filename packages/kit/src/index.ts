export type { TokenAuthority } from './authority.js';
export type { Call } from './call.js';
export { ACCESS_TOKEN_MS, type Caller, roleName, TOKEN_AUDIENCE } from './caller.js';
export { type Clock, realClock, shiftedClock } from './clock.js';
export { ConfigError, type HostConfig, hostAndPort, hostsAndPorts, hostVariables, readConfig, Secret, secret } from './config.js';
export { connect, type Remote } from './connect.js';
export { crashPoint } from './crash-point.js';
export { type Database, PLANNING, postgresError, refusalOf, refusing, type Transaction, transaction, write } from './database.js';
export type { Documents } from './documents.js';
export { enumName } from './enums.js';
export { emit } from './events/emit.js';
export { connectNats, ensureStream, type Nats } from './events/nats.js';
export { type EventInfo, on, type Subscription } from './events/subscription.js';
export {
  type Fail,
  Failure,
  type FieldViolation,
  fail as kitFail,
  failures,
  fromGrpcError,
  invalid,
  type ReasonEntry,
  type Reasons,
} from './failure.js';
export { type Host, openHost, type Running } from './host.js';
export { newId, requestIdOf } from './ids.js';
export type { Job, JobRun } from './jobs.js';
export type { Live } from './live.js';
export { masked } from './masked.js';
export { mergeCalls, type Outcome } from './merge.js';
export { type Origin, originAt, sqlCall } from './origin.js';
export { isOutage } from './outage.js';
export { type KeyKind, makePageToken, pageOf, pageSizeOf, readPageToken, readTimeToken, type TimeKeyset } from './pages.js';
export { openRedis, type Redis } from './redis.js';
export { claimFirst, once } from './requests.js';
export type { RevokedSession } from './revocations.js';
export { runService } from './run.js';
export { seal, unseal } from './seal.js';
export { addService, type Chain, createServer, type Handler, type Implementation } from './serve.js';
export { openStreams } from './streams.js';
export { type Certificates, certificatesIn } from './tls.js';
export { validateMessage } from './validation.js';
