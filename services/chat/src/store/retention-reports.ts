import type { TimeKeyset } from '@moa/kit';
import { beyond } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { fail } from '../errors.js';
import type { RetentionReportDocument } from './archive-models.js';
import type { Models } from './models.js';

/** The newest first. */
export function listRetentionReports(
  { retentionReports }: Models,
  after: TimeKeyset | undefined,
  limit: number,
): Promise<RetentionReportDocument[]> {
  return retentionReports
    .find(beyond('startTime', '$lt', after) ?? {})
    .sort({ startTime: -1, _id: -1 })
    .limit(limit)
    .lean();
}

/** The newest of those that came to their end. */
export const lastRetentionReport = ({ retentionReports }: Models): Promise<RetentionReportDocument | null> =>
  retentionReports
    .findOne({ endTime: mongoose.trusted({ $ne: null }) })
    .sort({ startTime: -1 })
    .lean();

export async function findRetentionReport({ retentionReports }: Models, id: string): Promise<RetentionReportDocument> {
  const report = await retentionReports.findById(id).lean();
  if (!report) throw fail('RETENTION_REPORT_NOT_FOUND');
  return report;
}
