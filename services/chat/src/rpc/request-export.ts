import { Format } from '@moa/contracts/chat/v1/archive';
import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { enumName, type Handler, requestIdOf } from '@moa/kit';
import { approvalToProto, queryOf } from '../convert-archive.js';
import { expiryFrom } from '../domain/approval.js';
import { expectQuery } from '../domain/query.js';
import type { Context } from '../service.js';
import { addApproval } from '../store/approvals.js';

type RequestExport = Handler<typeof ArchiveServiceDefinition.methods.requestExport>;

export const requestExport =
  ({ models }: Context): RequestExport =>
  async ({ requestId, cause, query: asked, format }, { caller, at }) => {
    const query = queryOf(asked);
    expectQuery(query);
    const { caseId, purpose } = cause!;
    const approval = await addApproval(models, {
      _id: requestIdOf(`export ${caller.accountId} ${requestId}`),
      kind: 'EXPORT',
      state: 'WAITING',
      caseId,
      purpose,
      requesterId: caller.accountId,
      createTime: at,
      expireTime: expiryFrom(at),
      query,
      format: enumName(Format, format, 'FORMAT_')!,
    });
    return { request: approvalToProto(approval) };
  };
