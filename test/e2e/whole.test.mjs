// What goes out in files and comes in elsewhere is whole: as the native API of either store shows it. docs/bulk.md.
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { command, csvObjects, csvRows, done, folder, random, sleep, text } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { Server, place } from '../js/server.mjs';

const box = folder('whole');
after(() => box.remove());
async function store() {
  const server = await Server.start(), api = new Native(server.port);
  return { server, api, place: place(server.dir), close: () => (api.close(), server.close()) };
}
/** An empty one for a test: few may be open at once. */
async function empty(t) {
  const s = await store();
  t.after(s.close);
  return s;
}
let made = 0;
const path = (name) => box.at(`${++made}-${name}`);
const put = (name, content) => (writeFileSync(path(name), content), box.at(`${made}-${name}`));
const lines = (t) => t.split('\n').filter(Boolean).map((l) => JSON.parse(l));
/** All rows of a kind as a file. */
async function out(s, kind, format) {
  const file = path(`${kind}.${format}`);
  await done(['export', kind, file, ...s.place]);
  return file;
}
/** {rows, refused, reasons: [[line, reason]]} */
async function bring(s, kind, file) {
  const refused = `${file}.refused.${file.endsWith('.csv') ? 'csv' : 'ndjson'}`;
  rmSync(refused, { force: true });
  const r = await command(['import', kind, file, ...s.place, '--output=json']);
  const t = existsSync(refused) ? text(refused) : '';
  const rows = file.endsWith('.csv') ? csvObjects(t || 'line,reason\n') : lines(t);
  return { ...(r.stdout ? JSON.parse(r.stdout) : { stderr: r.stderr }), reasons: rows.map((x) => [Number(x.line), x.reason]) };
}
async function good(s, kind, file, rows) {
  assert.deepEqual(await bring(s, kind, file), { rows, refused: 0, dry_run: false, reasons: [] });
}
async function job(s, order, input) {
  const { job_id } = await s.api.ok('POST', '/v1/jobs', order);
  if (input !== undefined) await s.api.send({ ...s.api.request('PUT', `/v1/jobs/${job_id}/input`), body: input });
  for (;;) {
    const state = (await s.api.ok('GET', `/v1/jobs/${job_id}`)).state;
    if (['done', 'failed'].includes(state)) break;
    await sleep(20);
  }
  return (await s.api.call('GET', `/v1/jobs/${job_id}/result`)).text;
}

/** What cannot travel: counts of use and what the store itself sets. */
const kept = ({ usage, revision, created_at, updated_at, ...rest }) => rest;
async function templates(s, ids) {
  const all = [];
  for (const id of ids) all.push(await s.api.ok('GET', `/v1/templates/${id}`));
  return all;
}

// ---- templates of every type, with any of all terms

const AWKWARD = 'quote " comma , line\nend \\ tab\ttail 😀';
const TYPES = {
  amount_off: (d) => ({ amount_fen: 1 + d.below(100000) }),
  percent_off: (d) => ({ percent_off: (1 + d.below(10000)) / 100, ...(d.below(2) ? { cap_fen: d.below(5000) } : {}) }),
  free_item: (d) => (d.below(2) ? { get: 1 + d.below(3) } : {}),
  exchange: () => ({}),
  buy_get: (d) => ({ buy: 1 + d.below(5), get: 1 + d.below(3) }),
  product: (d) => (d.below(2) ? { get: 1 + d.below(3) } : {}),
  free_shipping: () => ({}),
  queue_skip: () => ({}),
  parking: (d) => (d.below(2) ? { amount_fen: d.below(900) } : {}),
};
const names = (d, of) => [...new Set(Array.from({ length: 1 + d.below(4) }, () => d.pick(of)))];
const set = (d, of) => d.pick([{ include: names(d, of) }, { exclude: names(d, of) }, { include: names(d, of), exclude: names(d, of) }]);
const TERMS = {
  threshold_fen: (d) => d.below(50000),
  shops: (d) => set(d, ['01', '02', 'a,b', '旗舰店', '"q"', 'back\\slash']),
  categories: (d) => set(d, ['1001', '10012', 'drinks']),
  products: (d) => set(d, ['tea', 'coffee', AWKWARD.replaceAll('\n', ' ')]),
  channels: (d) => set(d, ['app', 'pos', 'mini']),
  valid: (d) =>
    d.pick([
      { from: '2026-01-02T10:00:00+08:00' }, { until: '2099-12-31T23:59:59+08:00' }, { from: '2020-02-29T00:00:00+08:00', until: '2098-01-01T12:34:56+08:00' },
      { lasts_days: 1 + d.below(30) }, { starts_after_days: 1 + d.below(9), lasts_days: 7 },
    ]),
  hours: (d) =>
    d.pick([
      [{ weekdays: [1, 5], from: '09:00', to: '17:30' }, { weekdays: [7], from: '22:00', to: '02:00' }], [{ from: '00:00', to: '23:59' }],
    ]),
  limits: (d) => ({
    ...(d.below(2) ? { total: d.below(1000) } : {}), ...(d.below(2) ? { per_customer: 1 + d.below(5) } : {}), ...(d.below(2) ? { per_day: 1 + d.below(50) } : {}),
    ...(d.below(2) ? { per_customer_per_day: 1 + d.below(3) } : {}), ...(d.below(2) ? { uses_per_coupon: 1 + d.below(4) } : {}), ...(d.below(2) ? { uses_per_customer: 1 + d.below(4) } : {}),
    ...(d.below(2) ? { uses_per_customer_per: { period: d.pick(['day', 'week', 'month', 'year']), uses: 1 + d.below(3) } } : {}), ...(d.below(2) ? { budget_fen: d.below(100000) } : {}),
  }),
  stacking: (d) => ({
    ...(d.below(2) ? { group: d.pick(['spring', 'VIP "gold"']) } : {}), ...(d.below(3) ? {} : { exclusive: true }),
    ...(d.below(2) ? { priority: 1 + d.below(9) } : {}), ...(d.below(2) ? { per_order: 1 + d.below(3) } : {}),
  }),
  give_back: (d) => d.pick(['always', 'on_cancel', 'never']),
  rounding: (d) => d.pick(['fen_half_up', 'fen_down', 'jiao_down', 'yuan_down']),
  splitting: (d) => d.pick(['proportional', 'in_order']),
  code: (d) => ({
    ...(d.below(2) ? { prefix: 'SP-' } : {}), charset: d.pick(['0123456789ABCDEFGHJKMNPQRSTVWXYZ', 'abcdefghkmnpqrstuvwxyz23456789,"']), length: 12 + d.below(8),
    ...(d.below(2) ? { check_digit: true } : {}),
  }),
  provider: (d) => ({ url: `https://spi.example.com/${d.below(3)}`, app_key: d.pick(['shop-a', 'shop-b']), secret: 's3cret', ...(d.below(2) ? { access_token: 'tok' } : {}) }),
  description: (d) => d.pick(['shown', AWKWARD, '说明']),
  channel: (d) => d.pick(['erp', 'app']),
};

/** `count` templates of each type. */
async function fill(s, dice, count) {
  const ids = [], bodies = [];
  for (const type of Object.keys(TYPES))
    for (let i = 0; i < count; i++) {
      const body = { name: dice.pick(['满199减99', 'ten, "off"', 'plain']), type, ...TYPES[type](dice) };
      for (const [term, value] of Object.entries(TERMS)) if (dice.below(2)) body[term] = value(dice);
      bodies.push(body);
      ids.push((await s.api.ok('POST', '/v1/templates', body)).template_id);
    }
  for (const term of [...Object.keys(TERMS), 'percent_off', 'cap_fen', 'buy', 'get']) assert.ok(bodies.some((b) => b[term] !== undefined), term);
  return ids;
}

describe('templates', () => {
  let from, ids, shown;
  before(async () => {
    from = await store();
    ids = await fill(from, random(7), 6);
    // what other interfaces made, and a column said since
    await bring(from, 'templates', put('t.csv', 'template_id,name,type,amount,shops\n9007,,5,2.50,"01,02"\n' + `${ids[0]},renamed,,3.10,other\n`));
    ids.push('11', '951', '9007');
    shown = await templates(from, ids);
  });
  after(() => from?.close());
  for (const format of ['csv', 'ndjson'])
    test(`out and in by ${format}`, { timeout: 120000 }, async (t) => {
      const to = await empty(t), file = await out(from, 'templates', format);
      await good(to, 'templates', file, ids.length);
      assert.deepEqual((await templates(to, ids)).map(kept), shown.map(kept));
      const again = await out(to, 'templates', format);
      const rows = (f) => (format === 'csv' ? csvObjects(text(f)) : lines(text(f))).map((r) => JSON.stringify(r)).sort();
      assert.deepEqual(rows(again), rows(file));
      // what comes back changes nothing
      const before = await templates(to, ids);
      await good(to, 'templates', again, ids.length);
      assert.deepEqual(await templates(to, ids), before);
      await good(from, 'templates', file, ids.length);
      assert.deepEqual(await templates(from, ids), shown);
    });
  test('by jobs', { timeout: 120000 }, async (t) => {
    const to = await empty(t);
    for (const format of ['csv', 'ndjson']) {
      const file = await job(from, { kind: 'export', resource: 'templates', format });
      const verdicts = await job(to, { kind: 'import', resource: 'templates', format }, file);
      const rows = format === 'csv' ? csvObjects(verdicts) : lines(verdicts);
      assert.deepEqual(rows.filter((r) => r.result !== 'ok'), []);
      assert.deepEqual((await templates(to, ids)).map(kept), shown.map(kept), format);
    }
  });
  test('a provider waits for its secret', async (t) => {
    const to = await empty(t);
    const id = await from.api.template({ provider: { url: 'https://spi.example.com/later', app_key: 'k', secret: 's' } });
    const row = lines(await done(['export', 'templates', '--format=ndjson', ...from.place])).find((r) => r.template_id === id);
    assert.deepEqual(row.terms.provider, { url: 'https://spi.example.com/later', app_key: 'k' });
    await good(to, 'templates', put('p.ndjson', JSON.stringify(row)), 1);
    const provider = async () => (await to.api.ok('GET', '/v1/providers')).data.find((p) => p.url.endsWith('later'));
    assert.equal((await provider()).trouble, 'its secret is not known here');
    await to.api.ok('POST', '/v1/coupons', { template_id: id, customer: { nick: 'asks' } });
    await sleep(300);
    assert.deepEqual([(await provider()).failures, (await provider()).waiting], [0, 1]);
    await to.api.ok('PATCH', `/v1/templates/${id}`, { provider: { secret: 'now' } });
    assert.equal((await provider()).trouble, undefined);
    await good(to, 'templates', put('p.ndjson', JSON.stringify({ ...row, terms: { ...row.terms, provider: { ...row.terms.provider, secret: 'now' } } })), 1);
  });
  test('columns alone leave the terms; terms are all of them', async (t) => {
    const to = await empty(t);
    const id = await to.api.template({ limits: { total: 9, per_customer: 3 }, valid: { lasts_days: 5 }, stacking: { exclusive: true } });
    const get = () => to.api.ok('GET', `/v1/templates/${id}`);
    await good(to, 'templates', put('old.csv', `template_id,name,amount\n${id},old file,7.50\n`), 1);
    let shown = await get();
    assert.deepEqual([shown.name, shown.amount_fen, shown.limits.total, shown.limits.per_customer, shown.valid, shown.stacking.exclusive, shown.type], ['old file', 750, 9, 3, { starts_after_days: 0, lasts_days: 5 }, true, 'amount_off']);
    await good(to, 'templates', put('dated.csv', `template_id,name,amount,end_at\n${id},old file,7.50,2099-01-01 00:00:00\n`), 1);
    assert.deepEqual((await get()).valid, { until: '2099-01-01T00:00:00+08:00' });
    await good(to, 'templates', put('new.csv', `template_id,name,terms\n${id},twenty,"{""type"":""percent_off"",""percent_off"":20}"\n`), 1);
    shown = await get();
    assert.deepEqual([shown.type, shown.percent_off, shown.amount_fen, shown.limits, shown.stacking], ['percent_off', 20, undefined, { uses_per_coupon: 1 }, undefined]);
  });
  test('what is wrong is refused with its row', async (t) => {
    const to = await empty(t);
    const id = await to.api.template();
    await to.api.codes(id, 3);
    const wrong = [
      ['{"colour":1}', 'parameter_invalid: terms.colour is none of the terms; other columns say the rest'],
      ['{"amount_fen":1}', 'parameter_invalid: terms.amount_fen is none of the terms; other columns say the rest'],
      ['[1]', 'parameter_invalid: terms is no JSON object'],
      ['{"type":', 'parameter_invalid: terms is no JSON object'],
      ['{"type":"nothing"}', 'parameter_invalid: terms.type'],
      ['{"limits":{"totel":1}}', 'parameter_invalid: terms.limits.totel'],
      ['{"limits":{"total":-1}}', 'parameter_invalid: terms.limits.total'],
      ['{"valid":{"until":"2099-01-01"}}', 'parameter_invalid: terms.valid.until'],
      ['{"hours":[{"from":"9","to":"10:00"}]}', 'parameter_invalid: terms.hours[0].from'],
      ['{"type":"percent_off"}', 'parameter_missing: terms.percent_off'],
      ['{"code":{"charset":"0123456789","length":41}}', 'parameter_invalid: terms.code.length'],
      ['{"provider":{"url":"https://spi.example.com/?q=1","app_key":"k"}}', 'target_refused: terms.provider.url it has a query'],
      ['{"provider":{"url":"https://spi.example.com/"}}', 'parameter_missing: terms.provider.app_key'],
    ];
    const cell = (t) => `"${t.replaceAll('"', '""')}"`;
    const csv = put('w.csv', 'terms,template_id\n' + wrong.map(([t], i) => `${cell(t)},${100 + i}\n`).join('') + `"{""limits"":{""total"":1}}",${id}\n` + '{},500\n');
    const last = [wrong.length + 2, 'limit_below_used: terms.limits.total'];
    const reasons = wrong.map(([, why], i) => [i + 2, why]);
    assert.deepEqual(await bring(to, 'templates', csv), { rows: wrong.length + 2, refused: wrong.length + 1, dry_run: false, reasons: [...reasons, last] });
    const nested = wrong.filter(([t]) => t.startsWith('{') && t.endsWith('}'));
    const ndjson = put('w.ndjson', nested.map(([t], i) => `{"terms":${t},"template_id":${200 + i}}\n`).join('') + '{"template_id":300,"terms":[1]}\n{"template_id":301,"terms":"x"}\n{"template_id":302,"name":{}}\n');
    const n = nested.length;
    assert.deepEqual((await bring(to, 'templates', ndjson)).reasons, [
      ...nested.map(([, why], i) => [i + 1, why]), [n + 1, 'parameter_invalid: terms'], [n + 2, 'parameter_invalid: terms is no JSON object'], [n + 3, 'parameter_invalid: name'],
    ]);
    await good(to, 'templates', put('beside.csv', 'template_id,begin_at\n600,2026-01-01 00:00:00\n'), 1);
    assert.deepEqual((await bring(to, 'templates', put('b.csv', 'template_id,begin_at,terms\n600,2026-01-01 00:00:00,"{""valid"":{""lasts_days"":3}}"\n'))).reasons,
      [[2, 'parameter_invalid: terms.valid stands beside begin_at or end_at']]);
    const verdicts = csvObjects(await job(to, { kind: 'import', resource: 'templates', format: 'csv' }, text(csv)));
    assert.deepEqual(verdicts.filter((r) => r.result !== 'ok').map((r) => [Number(r.row) + 1, `${r.result}: ${r.field}`]),
      [...reasons, last].map(([line, why]) => [line, why.split(' ').slice(0, 2).join(' ')]));
  });
});

// ---- departments, customers, campaigns, audiences

const KINDS = ['departments', 'customers', 'templates', 'campaigns', 'audience'];
async function page(s, path) {
  const rows = [];
  for (let cursor = ''; cursor !== undefined;) {
    const r = await s.api.ok('GET', `${path}${path.includes('?') ? '&' : '?'}limit=100${cursor && `&cursor=${cursor}`}`);
    rows.push(...r.data);
    cursor = r.next_cursor;
  }
  return rows;
}
/** All that the API shows of them; who is in an audience in any order. */
async function people(s) {
  const bare = ({ activity_id, created_at, updated_at, phase, ...rest }) => rest;
  const all = { departments: (await page(s, '/v1/departments')).map(bare), customers: (await page(s, '/v1/customers')).map(bare), campaigns: {} };
  for (const { source_code } of await page(s, '/v1/campaigns')) {
    const campaign = bare(await s.api.ok('GET', `/v1/campaigns/${source_code}`));
    for (const mark of ['covered', 'invited', 'registered', 'pending'])
      campaign[mark] = (await page(s, `/v1/campaigns/${source_code}/audience?mark=${mark}`)).sort((a, b) => (a.customer_id < b.customer_id ? -1 : 1));
    all.campaigns[source_code] = campaign;
  }
  return all;
}
async function until(ready, what, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await ready()) return;
  throw new Error(`not yet: ${what}`);
}

describe('campaigns and their audiences', () => {
  let from, reward;
  const served = (s) => async () => (await s.api.ok('GET', '/v1/campaigns/runs/progress')).waiting === 0;
  before(async () => {
    from = await store();
    const { api } = from;
    await api.ok('POST', '/v1/departments', { department_id: 'd1', name: '销售部', code: 'D1' });
    await api.ok('POST', '/v1/departments', { department_id: 'd,2', name: 'a, "b"' });
    for (let i = 0; i < 9; i++) await api.ok('PUT', `/v1/customers/p-${i}`, { name: `客户 ${i}`, nick: `n"${i}`, phone: String(13700000000 + i) });
    reward = await api.template();
    const other = await api.template();
    const put = (name, more) => api.ok('PUT', `/v1/campaigns/${name}`, { name: `the ${name} one`, ...more });
    await put('bare', { code: 'B', type_code: '1', information: AWKWARD, register_url: 'https://example.com/?a=1' });
    await put('runs', { from: '2020-01-01', until: '2099-12-31', rewards: [{ template_id: reward, count: 2 }], register_rewards: [{ template_id: other }], departments: ['d1', 'd,2'] });
    await put('later', { from: '2098-01-01', starts_at: '2098-02-01T10:00:00+08:00', approval: true, rewards: [{ template_id: other, count: 3 }], departments: ['d1'] });
    await put('stopped', { status: 'stopped', rewards: [{ template_id: other }] });
    await put('over', { status: 'ended', register_rewards: [{ template_id: other }] });
    await api.ok('POST', '/v1/campaigns/runs/targets', { customers: ['p-0', 'p-1', 'p-2'] });
    await api.ok('POST', '/v1/campaigns/runs/registrations', { customers: ['p-1', 'p-5'], registered_at: '2026-05-01T10:00:00+08:00', information: AWKWARD });
    await api.ok('POST', '/v1/campaigns/later/targets', { customers: ['p-3', 'p-4'] });
    await api.ok('POST', '/v1/campaigns/later/invitations', { customers: ['p-4', 'p-6'] });
    await api.ok('POST', '/v1/campaigns/later/registrations', { customers: ['p-4', 'p-7'], registered_at: '2026-05-02T10:00:00+08:00', information: 'waits' });
    await api.ok('POST', '/v1/campaigns/stopped/targets', { customers: ['p-8'] });
    await until(served(from), 'rewards');
  });
  after(() => from?.close());
  for (const format of ['csv', 'ndjson'])
    test(`out and in by ${format}; nobody is rewarded twice`, { timeout: 120000 }, async (t) => {
      const to = await empty(t);
      for (const kind of KINDS) {
        const file = await out(from, kind, format);
        const { refused, reasons } = await bring(to, kind, file);
        assert.deepEqual([refused, reasons], [0, []], kind);
        await bring(to, kind, file);
      }
      assert.deepEqual(await people(to), await people(from));
      const counts = async () => {
        const { sent, waiting } = await to.api.ok('GET', '/v1/campaigns/runs/progress');
        return [sent, waiting];
      };
      await to.api.ok('POST', '/v1/campaigns/runs/targets', { customers: ['p-0', 'p-8'] });
      await until(async () => (await counts())[0] > 0, 'the new one');
      await until(served(to), 'rewards');
      assert.deepEqual(await counts(), [2, 0]); // p-8 alone
    });
  test('rows without marks cover; what is wrong is refused', async (t) => {
    const to = await empty(t);
    await to.api.ok('PUT', '/v1/campaigns/x', { name: 'x' });
    const brought = await bring(to, 'audience', put('a.csv', 'source_code,customer_id,covered,registered\nx,q1,,\nx,q2,false,true\nx,q3,true,\nx,q4,maybe,\n'));
    assert.deepEqual([brought.refused, brought.reasons], [1, [[5, 'parameter_invalid: covered maybe']]]);
    const who = async (mark) => (await page(to, `/v1/campaigns/x/audience?mark=${mark}`)).map((m) => m.customer_id);
    assert.deepEqual([await who('covered'), await who('registered')], [['q1', 'q3'], ['q2']]);
    const wrong = [
      ['{"rewards":[{"template_id":77}]}', '', 'template_unknown: plan.rewards 77'],
      ['{"rewards":[{"count":1}]}', '', 'parameter_missing: plan.rewards[0].template_id'],
      ['{"colour":1}', '', 'parameter_invalid: plan.colour'],
      ['{"starts_at":"soon"}', '', 'parameter_invalid: plan.starts_at'],
      ['', '["nowhere"]', 'department_unknown: departments nowhere'],
      ['', '{"a":1}', 'parameter_invalid: departments is no JSON list'],
      ['', '[[1]]', 'parameter_invalid: departments[0]'],
    ];
    const cell = (t) => `"${t.replaceAll('"', '""')}"`;
    const csv = put('c.csv', 'source_code,status,plan,departments\n' + wrong.map(([p, d], i) => `w${i},1,${cell(p)},${cell(d)}\n`).join(''));
    assert.deepEqual((await bring(to, 'campaigns', csv)).reasons, wrong.map(([, , why], i) => [i + 2, why]));
  });
});
