// Whatever is changed in an export is found, also by those who can sign one.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Format, headOf } from '../src/index.js';
import { archive, checkpointOf, dataOf, type Export, exportOf, findingsIn, logOf, purge, signed, stranger } from './sample.js';

const SIZE = 11;
const whole = logOf('room-a', SIZE).map((entry) => (entry.sequence === 4 ? purge(entry) : entry));
const part = logOf('room-b', SIZE);
const rooms = [{ log: whole }, { log: part, sequences: [2, 3, 7, 11] }];
const OTHER_HASH = 'ab'.repeat(32);

const FIELDS: { readonly [name: string]: unknown } = {
  room: 'room-b',
  sequence: 5,
  time: '2026-11-25T00:00:00.000Z',
  author: 'somebody',
  mark: 'MODERATOR',
  kind: 'UNKNOWN',
  target: 9,
  nonce: OTHER_HASH,
  commitment: OTHER_HASH,
  previous: OTHER_HASH,
  hash: OTHER_HASH,
  proof: [OTHER_HASH],
};

interface Change {
  readonly what: string;
  readonly lines: readonly string[];
  /** Where the first finding about a line may stand at the latest; 0: nowhere in particular. */
  readonly line: number;
}

const cellsOf = (row: string): string[] =>
  [...row.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
const COLUMNS = headOf('CSV').trimEnd().split(',');
const rowOf = (cells: readonly string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`;

/** A line with one field changed by hand, as in an editor. */
function edited(format: Format, line: string, field: string, value: unknown): string {
  if (format === 'NDJSON') return `${JSON.stringify({ ...JSON.parse(line), [field]: value })}\n`;
  const cell = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return rowOf(cellsOf(line).map((old, at) => (COLUMNS[at] === field ? cell : old)));
}

const fieldOf = (format: Format, line: string, field: string): unknown =>
  format === 'NDJSON' ? JSON.parse(line)[field] : cellsOf(line)[COLUMNS.indexOf(field)];

function* changesOf({ format, lines }: Export): Generator<Change> {
  for (const [at, line] of lines.entries()) {
    const header = format === 'CSV' ? 2 : 1;
    const change = (what: string, changed: readonly string[], inLine = at + header): Change => ({
      what: `${what}, line ${at + header}`,
      lines: changed,
      line: inLine,
    });
    const replaced = (text: string) => lines.with(at, text);
    for (const [field, value] of Object.entries(FIELDS)) {
      if (String(fieldOf(format, line, field)) === String(value)) continue;
      yield change(`another ${field}`, replaced(edited(format, line, field, value)));
    }
    for (const field of Object.keys(FIELDS)) yield change(`no ${field}`, replaced(edited(format, line, field, 'no')));
    const { content, purged } =
      format === 'NDJSON'
        ? JSON.parse(line)
        : { content: JSON.parse(String(fieldOf(format, line, 'content')) || 'null'), purged: fieldOf(format, line, 'purged') };
    if (content) {
      yield change('another text', replaced(edited(format, line, 'content', { ...content, text: `${content.text}.` })));
      yield change('another mention', replaced(edited(format, line, 'content', { ...content, mentions: [] })));
      yield change('another image', replaced(edited(format, line, 'content', { ...content, imageUrls: ['https://example.com/2.png'] })));
      yield change('another answer', replaced(edited(format, line, 'content', { ...content, replyTo: 1 })));
      yield change('something more said', replaced(edited(format, line, 'content', { ...content, more: 'x' })));
      yield change('half a character', replaced(edited(format, line, 'content', { ...content, text: '\ud83c' })));
      const purgedByHand = edited(format, edited(format, line, 'content', null), 'nonce', null);
      yield change('purged by hand', replaced(edited(format, purgedByHand, 'purged', '2026-11-25T00:00:00.000Z')));
      yield change('content left out', replaced(edited(format, line, 'content', null)));
      yield change('a purge that was none', replaced(edited(format, line, 'purged', '2026-11-25T00:00:00.000Z')));
    } else if (purged) {
      const invented = { text: 'I', imageUrls: [], replyTo: 0, mentions: [] };
      yield change('content put in', replaced(edited(format, line, 'content', invented)));
      const withNonce = edited(format, edited(format, line, 'content', invented), 'nonce', OTHER_HASH);
      yield change('content and nonce put in', replaced(edited(format, withNonce, 'purged', null)));
      yield change('purged at another time', replaced(edited(format, line, 'purged', '2026-11-25T00:00:00.000Z')));
    }
    yield change('half a line', replaced(line.slice(0, line.length / 2)));
    yield change('an empty line', replaced('\n'));
    yield change('no line end', replaced(line.trimEnd()), at === lines.length - 1 ? 0 : at + header);
    yield change('twice', lines.toSpliced(at, 0, line), at + header + 1);
    yield change('left out', lines.toSpliced(at, 1), 0);
    yield change('cut off from there', lines.slice(0, at), 0);
    if (at > 0) yield change('swapped', lines.with(at, lines[at - 1]!).with(at - 1, line), at + header);
  }
}

for (const format of ['NDJSON', 'CSV'] as const) {
  const sample = exportOf(format, rooms);
  const manifest = signed(sample);

  test(`${format}: nothing is found in what was not changed, and a purged entry is no fault`, async () => {
    assert.equal(await findingsIn(manifest, dataOf(sample), [checkpointOf(whole), checkpointOf(whole.slice(0, 6))]), []);
  });

  test(`${format}: each change of the file is found`, async () => {
    const tried = [...changesOf(sample)];
    const missed = [];
    for (const { what, lines } of tried) if ((await findingsIn(manifest, dataOf({ ...sample, lines }))).length === 0) missed.push(what);
    console.log(`\n» ${format}: ${tried.length - missed.length} of ${tried.length} changes found by whoever has the manifest`);
    assert.equal(missed, []);
  });

  test(`${format}: each change is found, and where, even when the archive signs it as right`, async () => {
    // No lies: what an export leaves out of a room that is not whole, rooms in another order, the line end. And what only the manifest says: that, and
    // when, something was purged.
    const firstOfPart = whole.length + (format === 'CSV' ? 2 : 1);
    const lineOfChange = (what: string) => Number(/line (\d+)/.exec(what)![1]);
    const allowed = (what: string) =>
      /no line end|purged by hand|purged at another time/.test(what) ||
      (/^(left out|cut off)/.test(what) && lineOfChange(what) >= firstOfPart) ||
      (/^swapped/.test(what) && lineOfChange(what) === firstOfPart);
    const tried = [...changesOf(sample)].filter(({ what }) => !allowed(what));
    const missed = [];
    const misplaced = [];
    for (const { what, lines, line } of tried) {
      const changed = { ...sample, lines };
      const findings = await findingsIn(signed(changed), dataOf(changed));
      if (findings.length === 0) missed.push(what);
      else if (line > 0 && !findings.some((finding) => finding.line === line)) misplaced.push(`${what}: ${JSON.stringify(findings)}`);
    }
    console.log(`\n» ${format}: ${tried.length - missed.length} of ${tried.length} changes found although the archive has signed them`);
    assert.equal(missed, []);
    assert.equal(misplaced, []);
  });
}

const sample = exportOf('NDJSON', rooms);

test('each change of the manifest is found', async () => {
  const manifest = JSON.parse(signed(sample));
  let tried = 0;
  const missed: string[] = [];
  for (const [path, changed] of changedValues(manifest)) {
    tried += 1;
    // A manifest that cannot be read is refused.
    const findings = await findingsIn(JSON.stringify(changed), dataOf(sample)).catch((error: Error) => [error]);
    if (findings.length === 0) missed.push(path);
  }
  console.log(`\n» manifest: ${tried - missed.length} of ${tried} changes found`);
  assert.equal(missed, []);
});

/** With each value changed, and each left out. */
function* changedValues(value: unknown, path = ''): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) {
    yield [
      path,
      typeof value === 'string'
        ? value.startsWith('A')
          ? `B${value.slice(1)}`
          : `A${value.slice(1)}`
        : typeof value === 'number'
          ? value + 1
          : !value,
    ];
    return;
  }
  for (const name of Object.keys(value)) {
    const with_ = (inner: unknown) => (Array.isArray(value) ? value.with(Number(name), inner) : { ...value, [name]: inner });
    for (const [where, inner] of changedValues((value as Record<string, unknown>)[name], `${path}/${name}`)) yield [where, with_(inner)];
    yield [`${path}/${name} left out`, Array.isArray(value) ? value.toSpliced(Number(name), 1) : with_(undefined)];
  }
}

test('what somebody else has signed is found, though it is right in itself', async () => {
  const forged = { ...sample, rooms: sample.rooms.map((room) => ({ ...room, checkpoint: checkpointOf(whole, { signer: stranger }) })) };
  assert.match(
    (await findingsIn(signed(forged, { signer: stranger }), dataOf(sample)))[0]!.what,
    /the manifest is signed by the key .* not trusted/,
  );
  const lying = JSON.parse(signed(sample, { signer: stranger }));
  lying.keyId = archive.keyId;
  assert.match((await findingsIn(JSON.stringify(lying), dataOf(sample)))[0]!.what, /signature of the manifest does not hold/);
});

test("a checkpoint that somebody else has signed is found in the archive's own manifest", async () => {
  const checkpoint = checkpointOf(whole, { signer: stranger });
  const found = async (each: typeof checkpoint) => {
    const forged = exportOf('NDJSON', [{ log: whole, checkpoint: each }]);
    return (await findingsIn(signed(forged), dataOf(forged))).map(({ what, room }) => [room, what]);
  };
  assert.equal(await found(checkpoint), [['room-a', `the checkpoint is signed by the key ${stranger.keyId}, which is not trusted`]]);
  assert.equal(await found({ ...checkpoint, keyId: archive.keyId }), [['room-a', 'the signature of the checkpoint does not hold']]);
});

test('a log that was written anew, with all hashes and signatures, is a fork of each checkpoint that was kept', async () => {
  let found = 0;
  let tried = 0;
  for (let changedAt = 1; changedAt <= SIZE; changedAt++) {
    const fork = logOf('room-a', SIZE, { beginning: whole.slice(0, changedAt - 1), word: ' (forged)' });
    const forged = exportOf('NDJSON', [{ log: fork }]);
    assert.equal(await findingsIn(signed(forged), dataOf(forged)), [], 'nobody sees it without a checkpoint');
    for (let size = 1; size <= SIZE; size++) {
      const findings = await findingsIn(signed(forged), dataOf(forged), [checkpointOf(whole.slice(0, size))]);
      if (size < changedAt) assert.equal(findings, [], 'the log of then is still its beginning');
      else {
        tried += 1;
        if (findings.some(({ what }) => /was another/.test(what))) found += 1;
      }
    }
  }
  console.log(`\n» forks: ${found} of ${tried} found by a checkpoint that was kept`);
  assert.is(found, tried);
});

test('a log that was cut off is found by a checkpoint that was kept, in whichever order they were made', async () => {
  const short = exportOf('NDJSON', [{ log: whole.slice(0, 5) }]);
  const kept = (size: number, time: string) => checkpointOf(whole.slice(0, size), { time: new Date(time) });
  const whatIsFound = async (checkpoint: ReturnType<typeof kept>) =>
    (await findingsIn(signed(short), dataOf(short), [checkpoint])).map(({ what }) => what).join();
  assert.match(await whatIsFound(kept(7, '2026-11-25T00:00:00Z')), /the log was longer before: 7 entries/);
  assert.match(await whatIsFound(kept(7, '2027-11-25T00:00:00Z')), /newer than the export/);
  assert.match(await whatIsFound(kept(3, '2027-11-25T00:00:00Z')), /the log became shorter: 3 entries/);
  assert.is(await whatIsFound(kept(5, '2027-11-25T00:00:00Z')), '');
});

test('a checkpoint that cannot be compared is told, and not passed over', async () => {
  const data = dataOf(sample);
  const what = async (checkpoint: ReturnType<typeof checkpointOf>) =>
    (await findingsIn(signed(sample), data, [checkpoint])).map((each) => each.what);
  assert.equal(await what(checkpointOf(logOf('room-c', 3))), ['nothing of the room is exported: the kept checkpoint cannot be compared']);
  assert.match((await what(checkpointOf(part.slice(0, 3)))).join(), /exported whole/);
  assert.equal(await what(checkpointOf(part)), []);
  assert.match((await what(checkpointOf(whole, { signer: stranger }))).join(), /the kept checkpoint is signed by the key .* not trusted/);
});

test('a room that stands in the manifest twice is told', async () => {
  const twice = { ...sample, rooms: [...sample.rooms, sample.rooms[0]!] };
  assert.match((await findingsIn(signed(twice), dataOf(sample)))[0]!.what, /names the room twice/);
});

test('all that is wrong is counted, and the first 50 are told', async () => {
  const log = logOf('room-a', 80);
  const changed = exportOf('NDJSON', [{ log }]);
  const lines = changed.lines.map((line) => line.replace('author-', 'nobody-'));
  const findings = await findingsIn(signed({ ...changed, lines }), dataOf({ ...changed, lines }));
  assert.is(findings.length, 50);
  assert.equal(findings.at(-1), { line: 50, room: 'room-a', sequence: 50, what: 'a field is not what was hashed' });
});

test.run();
