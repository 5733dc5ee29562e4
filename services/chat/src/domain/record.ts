// The access log: what was done in the archive, each record with the hash of the one before.
import { hashFrom, hex, recordHash } from '@moa/verify';

export interface AccessDraft {
  readonly time: Date;
  readonly accountId: string;
  /** The RPC's name. */
  readonly action: string;
  readonly caseId: string;
  readonly purpose: string;
  /** What it was asked for, as JSON. */
  readonly detail: string;
}

export interface AccessRecord extends AccessDraft {
  /** 1, 2, 3 ... without a gap. */
  readonly sequence: number;
  /** Hex; zeros for the first. */
  readonly previous: string;
  readonly hash: string;
}

export function sealRecord(draft: AccessDraft, sequence: number, previous: string): AccessRecord {
  return { ...draft, sequence, previous, hash: hashOf({ ...draft, sequence, previous }) };
}

const hashOf = ({ sequence, time, accountId, action, caseId, purpose, detail, previous }: Omit<AccessRecord, 'hash'>): string =>
  hex(
    recordHash({
      sequence,
      time: time.toISOString(),
      account: accountId,
      action,
      case: caseId,
      purpose,
      detail,
      previous: hex(hashFrom(previous)),
    }),
  );

/** What is wrong with a record that stands after another; nothing when it is as it was written. */
export function faultOfRecord(record: AccessRecord, before: Pick<AccessRecord, 'sequence' | 'hash'>): string | undefined {
  if (record.sequence !== before.sequence + 1) return `record ${before.sequence + 1} is missing`;
  if (record.previous !== before.hash) return 'it does not follow on the record before';
  if (hashOf(record) !== record.hash) return 'it was changed';
  return undefined;
}
