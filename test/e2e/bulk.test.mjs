// Rows in and out, CSV and NDJSON: docs/bulk.md.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { command, csvObjects, done, folder, text } from '../js/e2e.mjs';

const box = folder('bulk');
after(() => box.remove());

let made = 0;
async function store() {
  const dir = box.at(`store${++made}`);
  await done(['merchant', 'add', '--name=shop', `--data=${dir}`]);
  return dir;
}
function file(name, content) {
  const path = box.at(`${++made}-${name}`);
  writeFileSync(path, content);
  return path;
}
const lines = (text) => text.split('\n').filter(Boolean).map((l) => JSON.parse(l));
const bring = (dir, kind, path, ...more) => command(['import', kind, path, `--data=${dir}`, '--output=json', ...more]);
async function good(dir, kind, path, rows) {
  const r = await bring(dir, kind, path);
  assert.deepEqual([r.status, r.stderr, r.stdout && JSON.parse(r.stdout)], [0, '', { rows, refused: 0, dry_run: false }]);
}

const AWKWARD = 'quote " comma , line\nend \\ tab\ttail 😀';
const ROWS = {
  departments: [{ department_id: 'd1', code: 'D1', name: '销售部', source_code: 's1' }, { department_id: 'd2', name: 'a, "b"' }],
  customers: [
    { customer_id: 'c1', code: 'C1', name: '张三', source_code: 's1', nick: 'nick "1"', phone: '13800000001', card_no: 'card,1' },
    { customer_id: 'c2', phone: '13800000002' },
  ],
  templates: [
    { template_id: '11', name: '满199减99', type: '0', amount: '99', threshold: '199.50', begin_at: '2018-11-11 00:00:00', end_at: '2099-12-31 23:59:59', shops: '01,02', categories: '1001,10012', description: AWKWARD, channel: 'erp' },
    { template_id: '9223372036854775807', name: 'biggest', amount: '0.01', threshold: '0' },
  ],
  coupons: [
    { code: 'a-1', template_id: '11', customer_id: 'c1', phone: '13800000001', card_no: 'card,1', nick: 'nick "1"', channel: 'erp', status: 'unused', issued_at: '2018-11-11 10:00:00', begin_at: '2018-11-11 00:00:00', end_at: '2099-12-31 23:59:59', attribute: '{ "k":"v" }' },
    { code: 'a-2', template_id: '9223372036854775807', status: 'recalled', issued_at: '2018-11-12 10:00:00', attribute: AWKWARD },
  ],
  campaigns: [
    { source_code: 'spring', code: 'S1', name: '春, "季"', type_code: '1', status: 1, begin_at: '2026-05-01 00:00:00', end_at: '2026-05-31 23:59:59', register_url: 'https://example.com/?a=1&b=2', information: AWKWARD },
    { source_code: 'bare', status: 3 },
  ],
};
const KINDS = Object.keys(ROWS);
const ndjson = (rows) => rows.map((r) => JSON.stringify(r) + '\n').join('');
/** What a store made anew cannot have the same. */
const SHOWN = ['activity_id', 'created_at', 'modified_at'];
const kept = (row) => Object.fromEntries(Object.entries(row).filter(([k, v]) => !SHOWN.includes(k) && v !== ''));

async function full() {
  const dir = await store();
  for (const kind of KINDS) await good(dir, kind, file(`${kind}.ndjson`, ndjson(ROWS[kind])), ROWS[kind].length);
  return dir;
}

describe('there and back', () => {
  for (const format of ['csv', 'ndjson'])
    test(format, async () => {
      const dir = await full(), copy = await store();
      for (const kind of KINDS) {
        const path = box.at(`${++made}-${kind}.${format}`);
        await done(['export', kind, path, `--data=${dir}`]);
        const rows = (t) => (format === 'csv' ? csvObjects(t) : lines(t)).map(kept);
        if (format === 'ndjson') assert.deepEqual(rows(text(path)), ROWS[kind]);
        await good(copy, kind, path, ROWS[kind].length);
        const again = await done(['export', kind, `--format=${format}`, `--data=${copy}`]);
        if (kind === 'campaigns') assert.deepEqual(rows(again), rows(text(path)));
        else assert.equal(again, text(path), kind);
        await good(dir, kind, path, ROWS[kind].length); // changes nothing
        assert.equal(await done(['export', kind, `--format=${format}`, `--data=${dir}`]), text(path), kind);
      }
    });
  test('both formats say the same', async () => {
    const dir = await full();
    for (const kind of [...KINDS, 'audience', 'events']) {
      const csv = csvObjects(await done(['export', kind, `--data=${dir}`]));
      const json = lines(await done(['export', kind, '--format=ndjson', `--data=${dir}`]));
      const words = (row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, String(v)]).filter(([, v]) => v !== ''));
      assert.deepEqual(json.map(words), csv.map(words), kind);
    }
  });
});

describe('NDJSON', () => {
  test('members in any order, null, "", numbers, blanks, empty lines, no last newline', async () => {
    const dir = await store();
    const path = file('t.jsonl', '\r\n  {"name":null,"template_id":12, "amount":1.5}\r\n\n{"template_id":"13","threshold":"","amount":"\\u0032"}');
    await good(dir, 'templates', path, 2);
    const rows = lines(await done(['export', 'templates', '--format=ndjson', `--data=${dir}`]));
    assert.deepEqual(rows, [{ template_id: '12', amount: '1.50' }, { template_id: '13', amount: '2' }]);
  });
  test('refused rows come back with their lines, and may be put right', async () => {
    const dir = await store();
    const path = file('c.ndjson', [
      '{"customer_id":"c1"}', '{"customer_id":"c2","colour":"red"}', '[1]', '{"customer_id":{"a":1}}', 'no json "',
      '{"phone":"1","phone":"2"}', '{"customer_id":"c3"}', '{}', `{"name":"${'x'.repeat(101)}"}`,
    ].join('\n') + '\n');
    const r = await bring(dir, 'customers', path);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /rows_refused: see .*c\.ndjson\.refused\.ndjson/);
    const refused = lines(text(`${path}.refused.ndjson`));
    assert.deepEqual(refused.map((x) => [x.line, x.reason]), [
      [2, 'parameter_invalid: colour'], [3, 'parameter_invalid: no JSON object'], [4, 'parameter_invalid: customer_id'],
      [5, 'parameter_invalid: no JSON object'], [6, 'parameter_invalid: phone'], [8, 'parameter_missing: customer_id'],
      [9, 'parameter_too_long: name'],
    ]);
    assert.deepEqual(refused[0].row, { customer_id: 'c2', colour: 'red' });
    assert.equal(refused[3].row, 'no json "');
    assert.deepEqual((await lines(await done(['export', 'customers', '--format=ndjson', `--data=${dir}`]))).map((c) => c.customer_id), ['c1', 'c3']);
  });
  test('words that are no kind or format are usage', async () => {
    const dir = await store();
    const path = file('x.ndjson', '{}\n');
    for (const args of [['import', 'events', path], ['import', 'audience', path], ['export', 'colours'], ['export', 'coupons', '--format=xml']])
      assert.equal((await command([...args, `--data=${dir}`])).status, 2, args.join(' '));
    assert.equal(existsSync(`${path}.refused.ndjson`), false);
  });
});
