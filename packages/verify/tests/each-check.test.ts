// Each check on its own: exports, signed by the archive, in which nothing but one thing is wrong.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryHash, type SignedCheckpoint, signCheckpoint, verifyConsistency, verifyInclusion } from '../src/index.js';
import { linesOf, rowsOf } from '../src/read-lines.js';
import { archive, checkpointOf, chunksOf, dataOf, type Export, exportOf, findingsIn, logOf, signed } from './sample.js';

const SIZE = 6;
const OTHER = Buffer.alloc(32, 0xab);
const log = logOf('room-a', SIZE);
const sample = exportOf('NDJSON', [{ log }]);

const found = async (what: Export, checkpoints: readonly SignedCheckpoint[] = []) =>
  (await findingsIn(signed(what), dataOf(what), checkpoints)).map((finding) => `${finding.line}: ${finding.what}`);

test('an entry whose previous hash is not that of the entry before', async () => {
  const spliced = [...log.slice(0, 3), ...logOf('room-a', SIZE, { beginning: logOf('room-a', 3) }).slice(3)];
  assert.equal(await found(exportOf('NDJSON', [{ log: spliced }])), ['4: the chain is broken: the entry before has another hash']);
});

test('a first entry that has one before it', async () => {
  const first = log[0]!;
  const beginning = [{ ...first, previous: OTHER, hash: entryHash(first, first.commitment, OTHER) }];
  assert.equal(await found(exportOf('NDJSON', [{ log: logOf('room-a', SIZE, { beginning }) }])), ['1: the first entry has one before it']);
});

test('a gap in a room that is said to be whole, and an end that is missing', async () => {
  assert.equal(await found({ ...sample, lines: sample.lines.toSpliced(2, 1) }), [
    '3: entries are missing: the one before is 2',
    '0: the room has 6 entries, and the file 5 of them',
  ]);
  assert.equal(await found({ ...sample, lines: sample.lines.slice(0, -1) }), ['0: the room has 6 entries, and the file 5 of them']);
});

test('a checkpoint with another last entry, or another root', async () => {
  const right = checkpointOf(log);
  const withCheckpoint = (checkpoint: SignedCheckpoint) => ({ ...sample, rooms: [{ checkpoint, complete: true }] });
  assert.equal(await found(withCheckpoint(signCheckpoint({ ...right, head: OTHER }, archive))), [
    '0: the last entry is not the one that the checkpoint names',
  ]);
  assert.equal(await found(withCheckpoint(signCheckpoint({ ...right, root: OTHER }, archive))), [
    ...log.map(({ sequence }) => `${sequence}: its proof does not lead to the checkpoint`),
    "0: the entries' tree has another root than the checkpoint",
  ]);
});

test('a manifest with another count', async () => {
  const manifest = signed({ ...sample, lines: [...sample.lines, ''] });
  const findings = await findingsIn(manifest, dataOf(sample));
  assert.equal(
    findings.map(({ what }) => what),
    ['the manifest tells of 7 entries, and the file has 6'],
  );
});

test('a kept checkpoint of the same size with another root, also when the room is not whole', async () => {
  const part = exportOf('NDJSON', [{ log, sequences: [2, 3] }]);
  assert.match(
    (await found(part, [checkpointOf(logOf('room-a', SIZE))])).join(),
    /^0: the log was another: a fork of what a kept checkpoint signed, 6 entries/,
  );
});

test('a proof that is too short for the size, though it ends in the root', () => {
  assert.not(verifyInclusion(OTHER, 0, 4, [], OTHER));
  assert.not(verifyConsistency(1, OTHER, 4, OTHER, []));
  assert.ok(verifyInclusion(OTHER, 0, 1, [], OTHER));
});

test('rows are those of RFC 4180, however the file is cut, and what is none has no cells', async () => {
  const cases: readonly [string, string[][]][] = [
    [
      'a,b\r\nc,\r\n',
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['"a,""b""",c\r\n', [['a,"b"', 'c']]],
    [
      '"two\r\nlines ""x""\n",b\nc,d',
      [
        ['two\r\nlines "x"\n', 'b'],
        ['c', 'd'],
      ],
    ],
    ['"",""""\n', [['', '"']]],
    ['a"b,c\nd"\n', [[]]],
    ['"a"b,c\nd,e\n', [[], ['d', 'e']]],
    ['a,"open\nb', [[]]],
    ['한,🎉\n', [['한', '🎉']]],
  ];
  for (const [text, rows] of cases)
    for (let bytes = 1; bytes <= 8; bytes++) {
      const read: string[][] = [];
      for await (const row of rowsOf(chunksOf(Buffer.from(text), bytes))) read.push(row);
      assert.equal(read, rows, JSON.stringify(text));
    }
});

test('a file without line ends does not fill the memory', async () => {
  let chunks = 0;
  const withoutEnds = async function* () {
    for (; chunks < 100; chunks++) yield Buffer.alloc(1 << 20, 'a');
  };
  const readAll = async (lines: AsyncIterable<unknown>) => {
    for await (const _ of lines);
  };
  const failure = await readAll(linesOf(withoutEnds())).catch((error: Error) => error);
  assert.instance(failure, RangeError);
  assert.ok(chunks < 10);
  const openQuote = async function* () {
    yield Buffer.from('"');
    for (let lines = 0; lines < 1_000; lines++) yield Buffer.from(`${'a'.repeat(1 << 16)}\n`);
  };
  assert.instance(await readAll(rowsOf(openQuote())).catch((error: Error) => error), RangeError);
});

test.run();
