// Rows in and out, CSV and NDJSON: docs/bulk.md.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { spawn } from 'node:child_process';
import { command, csvObjects, done, folder, random, sleep, text, until } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { BINARY, ON_POSTGRESQL, Server, place } from '../js/server.mjs';

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
/** The terms of a template that has columns alone. */
const PLAIN = { limits: { per_customer: 1, uses_per_coupon: 1 }, give_back: 'always', rounding: 'fen_half_up', splitting: 'proportional' };
const ROWS = {
  departments: [{ department_id: 'd1', code: 'D1', name: '销售部', source_code: 's1' }, { department_id: 'd2', name: 'a, "b"' }],
  customers: [
    { customer_id: 'c1', code: 'C1', name: '张三', source_code: 's1', nick: 'nick "1"', phone: '13800000001', card_no: 'card,1' },
    { customer_id: 'c2', phone: '13800000002' },
  ],
  templates: [
    { template_id: '11', name: '满199减99', type: '0', amount: '99', threshold: '199.50', begin_at: '2018-11-11 00:00:00', end_at: '2099-12-31 23:59:59', shops: '01,02', categories: '1001,10012', description: AWKWARD, channel: 'erp', terms: PLAIN },
    { template_id: '9223372036854775807', name: 'biggest', amount: '0.01', threshold: '0', terms: PLAIN },
  ],
  coupons: [
    { code: 'a-1', template_id: '11', customer_id: 'c1', phone: '13800000001', card_no: 'card,1', nick: 'nick "1"', channel: 'erp', status: 'unused', issued_at: '2018-11-11 10:00:00', begin_at: '2018-11-11 00:00:00', end_at: '2099-12-31 23:59:59', attribute: '{ "k":"v" }' },
    { code: 'a-2', template_id: '9223372036854775807', status: 'recalled', issued_at: '2018-11-12 10:00:00', attribute: AWKWARD },
  ],
  campaigns: [
    { source_code: 'spring', code: 'S1', name: '春, "季"', type_code: '1', status: 1, begin_at: '2026-05-01 00:00:00', end_at: '2026-05-31 23:59:59', register_url: 'https://example.com/?a=1&b=2', information: AWKWARD,
      plan: { starts_at: '2026-05-02T10:00:00+08:00', approval: true, rewards: [{ template_id: '11', count: 2 }], register_rewards: [{ template_id: '9223372036854775807', count: 1 }] }, departments: ['d2', 'd1'] },
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
      const words = (row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === 'object' ? JSON.stringify(v) : String(v)]).filter(([, v]) => v !== ''));
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
    assert.deepEqual(rows, [{ template_id: '12', amount: '1.50', terms: PLAIN }, { template_id: '13', amount: '2', terms: PLAIN }]);
  });
  test('refused rows come back with their lines, and may be put right', async () => {
    const dir = await store();
    const path = file('c.ndjson', [
      '{"customer_id":"c1"}', '{"customer_id":"c2","colour":"red"}', '[1]', '{"customer_id":{"a":1}}', 'no json "',
      '{"phone":"1","phone":"2"}', '{"customer_id":"c3"}', '{}', `{"name":"${'x'.repeat(101)}"}`,
      `{"a${'中'.repeat(200)}":1}`,
    ].join('\n') + '\n');
    const r = await bring(dir, 'customers', path);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /rows_refused: see .*c\.ndjson\.refused\.ndjson/);
    const refused = lines(text(`${path}.refused.ndjson`));
    assert.deepEqual(refused.map((x) => [x.line, x.reason]), [
      [2, 'parameter_invalid: colour'], [3, 'parameter_invalid: no JSON object'], [4, 'parameter_invalid: customer_id'],
      [5, 'parameter_invalid: no JSON object'], [6, 'parameter_invalid: phone'], [8, 'parameter_missing: customer_id'],
      [9, 'parameter_too_long: name'], [10, `parameter_invalid: a${'中'.repeat(78)}`],
    ]);
    assert.deepEqual(refused[0].row, { customer_id: 'c2', colour: 'red' });
    assert.equal(refused[3].row, 'no json "');
    assert.deepEqual((await lines(await done(['export', 'customers', '--format=ndjson', `--data=${dir}`]))).map((c) => c.customer_id), ['c1', 'c3']);
  });
  test('words that are no kind or format are usage', async () => {
    const dir = await store();
    const path = file('x.ndjson', '{}\n');
    for (const args of [['import', 'events', path], ['export', 'colours'], ['export', 'coupons', '--format=xml']])
      assert.equal((await command([...args, `--data=${dir}`])).status, 2, args.join(' '));
    assert.equal(existsSync(`${path}.refused.ndjson`), false);
  });
});

/** `export KIND --follow`: keeps the rows as a reader would, by `key`; may be killed and goes on. */
class Follower {
  constructor(server, kind, key) {
    Object.assign(this, { server, kind, key, rows: new Map(), gone: new Set(), entry: 0, told: 0 });
  }
  start() {
    const from = this.told ? [`--from=${this.told}`] : [];
    const p = (this.process = spawn(BINARY, ['export', this.kind, '--follow', ...from, ...place(this.server.dir)], { stdio: ['ignore', 'pipe', 'pipe'] }));
    let rest = '';
    this.closed = new Promise((resolve) => p.on('close', resolve));
    p.stderr.on('data', (d) => (this.errors = (this.errors ?? '') + d));
    p.stdout.on('data', (d) => {
      const all = (rest + d).split('\n');
      rest = all.pop();
      for (const line of all) this.take(JSON.parse(line));
    });
    return this;
  }
  take({ entry, row, gone }) {
    assert.ok(entry >= this.told || entry === 0, `${entry} after ${this.told}`);
    this.told = entry;
    if (!row) return;
    this.rows.set(this.key(row), row);
    if (gone) this.gone.add(this.key(row));
  }
  async kill() {
    this.process.kill('SIGKILL');
    await this.closed;
  }
}
/** Audiences: a row without a customer is about all members of its campaign. */
class AudienceFollower extends Follower {
  take({ entry, row, gone, cleared }) {
    super.take({ entry });
    if (!row) return;
    if (row.customer_id) {
      if (gone) this.rows.delete(this.key(row));
      else this.rows.set(this.key(row), row);
      return;
    }
    this.all = (this.all ?? 0) + 1;
    assert.equal(Boolean(gone) + Boolean(cleared), 1);
    for (const [key, r] of this.rows) {
      if (r.source_code !== row.source_code) continue;
      if (gone || !(r.invited || r.registered || r.pending)) this.rows.delete(key);
      else this.rows.set(key, { ...r, covered: false });
    }
  }
}
/** What a coupon's row says of its customer is the customer's: only who that is changes with the coupon. */
const own = ({ phone, card_no, nick, ...row }) => (row.template_id ? row : { phone, card_no, nick, ...row });
const byKey = (rows, key) => [...rows].map((r) => [key(r), own(r)]).sort(([a], [b]) => (a < b ? -1 : 1));

describe('export --follow', () => {
  test('a reader that is killed and goes on has what the store has', { timeout: 120000 }, async () => {
    const server = await Server.start(), api = new Native(server.port), dice = random(11);
    const keys = { coupons: (r) => r.code, customers: (r) => r.customer_id, templates: (r) => r.template_id, campaigns: (r) => r.source_code, events: (r) => `${r.code}-${r.number}` };
    const followers = Object.entries(keys).map(([kind, key]) => new Follower(server, kind, key));
    try {
      const template_id = await api.template(), codes = await api.codes(template_id, 1500);
      for (const f of followers) f.start();
      await until(() => followers.every((f) => f.told > 0), 20000, 'the snapshot');
      for (let i = 0; i < 400; i++) {
        const code = dice.pick(codes), what = dice.below(9);
        if (what === 0) codes.push(...(await api.codes(template_id, 1 + dice.below(300))));
        if (what === 1) await api.post(`/v1/coupons/${code}/assign`, { customer: `f-${dice.below(50)}` });
        if (what === 2) await api.post(`/v1/coupons/${code}/transfer`, { customer: `f-${dice.below(50)}` });
        if (what === 3) await api.post(`/v1/coupons/${code}/redeem`, { order_no: `o-${i}`, amount_fen: 5000 });
        if (what === 4) await api.post(`/v1/coupons/${code}/recall`, { reason: 'why "not"' });
        if (what === 5) await api.ok('PUT', `/v1/customers/f-${dice.below(50)}`, { name: `客户 ${i}`, phone: String(13600000000 + i) });
        if (what === 6) await api.ok('PUT', `/v1/campaigns/follow-${dice.below(5)}`, { name: `c ${i}` });
        if (what === 7) {
          const id = await api.template({ name: `t ${i}` });
          if (i % 2) await api.ok('DELETE', `/v1/templates/${id}`);
        }
        if (what === 8) {
          const f = dice.pick(followers);
          await f.kill();
          f.start();
        }
      }
      await api.ok('DELETE', '/v1/campaigns/follow-1');
      await api.call('DELETE', '/v1/customers/f-1');
      for (const f of followers) {
        const now = async () => lines(await done(['export', f.kind, '--format=ndjson', ...place(server.dir)]));
        const live = () => [...f.rows.values()].filter((r) => !f.gone.has(f.key(r)));
        const want = byKey(await now(), f.key);
        await until(() => JSON.stringify(byKey(live(), f.key)) === JSON.stringify(want), 15000, `${f.kind} the same`).catch((e) => {
          assert.deepEqual(byKey(live(), f.key), want, e.message + (f.errors ?? ''));
        });
      }
      assert.ok(followers.find((f) => f.kind === 'templates').gone.size > 0);
    } finally {
      for (const f of followers) await f.kill();
      api.close();
      await server.close();
    }
  });
  test('an audience: clearing, deleting, merging, erasing', { timeout: 120000 }, async () => {
    const server = await Server.start(), api = new Native(server.port), dice = random(12);
    const f = new AudienceFollower(server, 'audience', (r) => `${r.source_code} ${r.customer_id}`);
    const who = () => `m-${dice.below(30)}`, some = () => Array.from({ length: 1 + dice.below(6) }, who);
    const where = () => `/v1/campaigns/a-${dice.below(3)}`;
    let merged = 0;
    const make = async (path) => api.ok('PUT', path, { name: 'followed', approval: dice.below(2) === 1 });
    try {
      for (let i = 0; i < 30; i++) await api.ok('PUT', `/v1/customers/m-${i}`, { name: `客户 ${i}`, nick: `nick ${i}` });
      for (let i = 0; i < 3; i++) await make(`/v1/campaigns/a-${i}`);
      await api.ok('POST', '/v1/campaigns/a-0/targets', { customers: ['m-1', 'm-2'] });
      f.start();
      await until(() => f.told > 0, 20000, 'the snapshot');
      for (let i = 0; i < 250; i++) {
        const what = dice.below(12), path = where();
        if (what < 4) await api.post(`${path}/targets`, { customers: some() });
        if (what === 4) await api.call('DELETE', `${path}/targets`);
        if (what === 5) await api.post(`${path}/invitations`, { customers: some() });
        if (what === 6 || what === 7) await api.post(`${path}/registrations`, { customers: some(), registered_at: '2026-05-01T10:00:00Z', information: `said ${i}` });
        if (what === 8) await api.post(`${path}/approvals`, { customers: some(), approve: dice.below(2) === 1 });
        if (what === 9 && dice.below(2)) {
          await api.ok('DELETE', path);
          await make(path);
          await api.post(`${path}/targets`, { customers: some() });
        }
        if (what === 10 && dice.below(4) === 0) merged += (await command(['customer', 'merge', `--from=${who()}`, `--into=${who()}`, ...place(server.dir)])).status === 0;
        if (what === 11 && dice.below(3) === 0) await f.kill().then(() => f.start());
      }
      await done(['customer', 'erase', '--customer=m-3', ...place(server.dir)]);
      const plain = ({ phone, card_no, nick, ...row }) => row;
      const sorted = (rows) => rows.map((r) => [f.key(r), plain(r)]).sort(([a], [b]) => (a < b ? -1 : 1));
      const now = async () => sorted(lines(await done(['export', 'audience', '--format=ndjson', ...place(server.dir)])));
      const want = await now();
      assert.ok(want.length > 20 && f.all > 5 && merged, `${want.length} members, ${f.all} lines about all, ${merged} merged`);
      await until(() => JSON.stringify(sorted([...f.rows.values()])) === JSON.stringify(want), 15000, 'the same').catch((e) => {
        assert.deepEqual(sorted([...f.rows.values()]), want, e.message + (f.errors ?? ''));
      });
    } finally {
      await f.kill();
      api.close();
      await server.close();
    }
  });
  test('a store that nobody serves: all that there is, then the end', { skip: ON_POSTGRESQL && 'others may write' }, async () => {
    const dir = await full();
    const all = lines(await done(['export', 'customers', '--follow', `--data=${dir}`]));
    const last = all.at(-1).entry;
    assert.deepEqual(all.filter((l) => l.row).map((l) => l.row.customer_id), ['c1', 'c2']);
    const again = async (from) => lines(await done(['export', 'customers', '--follow', `--from=${from}`, `--data=${dir}`]));
    assert.deepEqual(await again(last), [{ entry: last }]);
    assert.deepEqual((await again(0)).filter((l) => l.row).map((l) => l.row.customer_id), ['c1', 'c2']);
    for (const args of [['webhooks', '--follow'], ['coupons', '--from=1'], ['coupons', '--follow', '--from=x'], ['coupons', '--follow', '--format=csv']])
      assert.equal((await command(['export', ...args, `--data=${dir}`])).status, 2, args.join(' '));
  });
});
