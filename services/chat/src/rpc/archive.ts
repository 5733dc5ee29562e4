import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { approveRequest } from './approve-request.js';
import { createHold } from './create-hold.js';
import { exportMessages } from './export-messages.js';
import { getMessageContext } from './get-message-context.js';
import { getProof } from './get-proof.js';
import { getRetentionPolicy } from './get-retention-policy.js';
import { getRetentionReport } from './get-retention-report.js';
import { listAccessLog } from './list-access-log.js';
import { listCheckpoints } from './list-checkpoints.js';
import { listHolds } from './list-holds.js';
import { listKeptOfAccount } from './list-kept-of-account.js';
import { listRequests } from './list-requests.js';
import { listRetentionReports } from './list-retention-reports.js';
import { listSigningKeys } from './list-signing-keys.js';
import { recorded, recordedRead, recordedStream } from './recorded.js';
import { rejectRequest } from './reject-request.js';
import { requestExport } from './request-export.js';
import { requestHoldRelease } from './request-hold-release.js';
import { searchMessages } from './search-messages.js';
import { updateRetentionPolicy } from './update-retention-policy.js';
import { verifyAccessLog } from './verify-access-log.js';
import { verifyRoom } from './verify-room.js';

export const archiveService = (context: Context): Implementation<typeof ArchiveServiceDefinition> => ({
  searchMessages: recordedRead(context, 'SearchMessages', searchMessages(context)),
  getMessageContext: recordedRead(context, 'GetMessageContext', getMessageContext(context)),
  getProof: recorded(context, 'GetProof', getProof(context)),
  verifyRoom: recordedStream(context, 'VerifyRoom', verifyRoom(context)),
  listCheckpoints: recorded(context, 'ListCheckpoints', listCheckpoints(context)),
  listSigningKeys: recorded(context, 'ListSigningKeys', listSigningKeys(context)),
  createHold: recorded(context, 'CreateHold', createHold(context)),
  listHolds: recorded(context, 'ListHolds', listHolds(context)),
  requestHoldRelease: recorded(context, 'RequestHoldRelease', requestHoldRelease(context)),
  requestExport: recorded(context, 'RequestExport', requestExport(context)),
  listRequests: recorded(context, 'ListRequests', listRequests(context)),
  approveRequest: recorded(context, 'ApproveRequest', approveRequest(context)),
  rejectRequest: recorded(context, 'RejectRequest', rejectRequest(context)),
  exportMessages: recordedStream(context, 'ExportMessages', exportMessages(context)),
  listAccessLog: recorded(context, 'ListAccessLog', listAccessLog(context)),
  verifyAccessLog: recorded(context, 'VerifyAccessLog', verifyAccessLog(context)),
  getRetentionPolicy: recorded(context, 'GetRetentionPolicy', getRetentionPolicy(context)),
  updateRetentionPolicy: recorded(context, 'UpdateRetentionPolicy', updateRetentionPolicy(context)),
  listRetentionReports: recorded(context, 'ListRetentionReports', listRetentionReports(context)),
  getRetentionReport: recorded(context, 'GetRetentionReport', getRetentionReport(context)),
  listKeptOfAccount: recorded(context, 'ListKeptOfAccount', listKeptOfAccount(context)),
});
