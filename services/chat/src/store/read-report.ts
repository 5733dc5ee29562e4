import type { Report } from '@moa/contracts/chat/v1/chat';
import { reportToProto } from '../convert.js';
import { findMessage } from './entries.js';
import { membersOf } from './members.js';
import type { Models, ReportDocument } from './models.js';
import { newestReasons } from './reports.js';

const REASONS = 10;

/** A report with its message, as it was said. */
export async function readReport(models: Models, report: ReportDocument): Promise<Report> {
  const { message } = await findMessage(models, report.roomId, report.sequence);
  const [reasons, authors] = await Promise.all([
    newestReasons(models, report._id, REASONS),
    membersOf(models, report.roomId, [message.authorId]),
  ]);
  return reportToProto(report, message, reasons, authors);
}
