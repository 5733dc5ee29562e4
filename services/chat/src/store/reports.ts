import { newId, type TimeKeyset } from '@moa/kit';
import { beyond, isDuplicate } from '@moa/kit/mongo';
import { fail } from '../errors.js';
import type { Models, ReportDocument } from './models.js';

export interface Complaint {
  readonly roomId: string;
  readonly sequence: number;
  readonly accountId: string;
  readonly reason: string;
}

/** One report for each message, one complaint for each person. A report that is decided stays so. */
export async function report({ reports, complaints }: Models, { roomId, sequence, accountId, reason }: Complaint, at: Date): Promise<void> {
  const { _id } = await reportOf(reports, roomId, sequence, at);
  await complaints.updateOne(
    { _id: `${_id}/${accountId}` },
    { $setOnInsert: { reportId: _id, accountId, reason, createTime: at } },
    { upsert: true },
  );
  // Counted anew: it never becomes less, so that the largest count is the last.
  const count = await complaints.countDocuments({ reportId: _id });
  await reports.updateOne({ _id }, { $max: { reporterCount: count } });
}

async function reportOf(reports: Models['reports'], roomId: string, sequence: number, at: Date): Promise<ReportDocument> {
  const found = await reports.findOne({ roomId, sequence }).lean();
  if (found) return found;
  try {
    return await reports.create({ _id: newId(), roomId, sequence, state: 'OPEN', reporterCount: 0, createTime: at });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return (await reports.findOne({ roomId, sequence }).lean())!;
  }
}

/** Those that wait for longest first. */
export function listReports(
  { reports }: Models,
  state: ReportDocument['state'],
  after: TimeKeyset | undefined,
  limit: number,
): Promise<ReportDocument[]> {
  return reports
    .find({ state, ...beyond('createTime', '$gt', after) })
    .sort({ createTime: 1, _id: 1 })
    .limit(limit)
    .lean();
}

export async function findReport({ reports }: Models, id: string): Promise<ReportDocument> {
  const found = await reports.findById(id).lean();
  if (!found) throw fail('REPORT_NOT_FOUND');
  return found;
}

/** Decides an open report; one that was decided the same way is as it is. */
export async function decideReport(
  models: Models,
  id: string,
  state: 'UPHELD' | 'DISMISSED',
  deciderId: string,
  at: Date,
): Promise<ReportDocument> {
  const decided = await models.reports
    .findOneAndUpdate({ _id: id, state: 'OPEN' }, { $set: { state, deciderId, decideTime: at } }, { returnDocument: 'after' })
    .lean();
  if (decided) return decided;
  const found = await findReport(models, id);
  if (found.state !== state) throw fail('REPORT_DECIDED', { state: found.state });
  return found;
}

/** The newest first. */
export async function newestReasons({ complaints }: Models, reportId: string, limit: number): Promise<string[]> {
  const found = await complaints.find({ reportId }, { reason: 1 }).sort({ createTime: -1 }).limit(limit).lean();
  return found.map(({ reason }) => reason);
}
