// The native API on the wire: every method by the document's own examples, every kind of refusal, repeats, keys of all scopes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, cli, cliTry } from '../js/server.mjs';
import { Api, operations, prepareExamples, schemaProblems } from '../js/openapi.mjs';
import { find, stopClient } from '../js/top.mjs';
import { Zvcms } from '../js/zvcms.mjs';

const OWNER = '383933091455959041';
const keys = {
  read: 'key-of-reading-0001', issue: 'key-of-issuing-0001', redeem: 'key-of-the-till-001', manage: 'key-of-manager-0001',
  admin: 'key-of-the-admin-01', public: 'key-of-the-page-001', both: 'key-of-page-read-01', ended: 'key-that-ended-0001',
  far: 'key-of-far-away-001', slow: 'key-that-is-slow-01', box: 'key-of-the-sandbox1', east: 'key-of-the-east-001',
};
let server, api, doc, page, codes = 0;
const open = [];
const as = (name) => (open.push(api.as(keys[name])), open.at(-1));
const byId = () => Object.fromEntries(operations(doc).map((o) => [o.id, o]));
const code = () => `W${process.pid}X${++codes}`;
const issue = async (more = {}) => (await api.done('POST', '/v1/coupons', { template_id: 9001, customer: OWNER, code: code(), ...more })).coupons[0].code;
const refused = (r, status, name, field) => {
  assert.equal(r.headers['content-type'], 'application/problem+json', r.text);
  assert.deepEqual([r.status, r.json.code, r.json.field], [status, name, field], r.text);
  assert.equal(r.json.status, status);
  assert.equal(r.json.request_id, r.headers['request-id']);
  assert.equal(r.json.type, `/docs/#${name}`);
  assert.deepEqual(schemaProblems(doc, { $ref: '#/components/schemas/Problem' }, r.json), []);
};

before(async () => {
  server = await Server.start({ args: ['--courier=false'] });
  await server.stop();
  const add = (key, merchant, ...more) => cli('credential', 'add', `--data=${server.dir}`, `--merchant=${merchant}`, '--dialect=native', `--id=${keys[key]}`, ...more);
  for (const scope of ['read', 'issue', 'redeem', 'manage', 'admin', 'public']) add(scope, 1, `--scopes=${scope}`);
  add('both', 1, '--scopes=read,public');
  add('ended', 1, '--expires=2020-01-01');
  add('far', 1, '--trusted=10.0.0.0/8');
  add('slow', 1, '--calls-per-s=1', '--burst=3');
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${server.dir}`);
  cli('merchant', 'add', '--name=east', '--zone=-03:30', `--data=${server.dir}`);
  add('box', 2);
  add('east', 3);
  await server.run();
  api = new Api(server);
  doc = (await api.get('/openapi.json')).json;
  page = (await api.get('/docs/')).text;
  await api.done('POST', '/v1/templates', { template_id: 9001, name: 'ten off', amount_fen: 1000, limits: { total: 10000 } });
});
after(async () => {
  for (const a of [api, ...open]) a?.close();
  stopClient();
  const status = await server?.stop();
  await server?.close();
  assert.equal(status, 0);
});

// ---- the documents

test('every example of the document is answered as its schema says', async () => {
  const box = as('box');
  let ids = {};
  const order = ['templates_make', 'templates_get', 'templates_change'];
  const rank = (o) => (order.includes(o.id) ? order.indexOf(o.id) : o.method === 'DELETE' ? 1000 : 100);
  const all = operations(doc).sort((a, b) => rank(a) - rank(b));
  const targets = exampleTargets();
  let made = {};
  assert.equal(all.length, Object.keys(targets).length);
  const late = ['campaigns_put', 'campaigns_change', 'campaigns_get', 'campaigns_cover', 'campaigns_invite', 'campaigns_register', 'campaigns_approve', 'campaigns_audience', 'campaigns_fill', 'campaigns_progress', 'campaigns_suspend', 'campaigns_resume', 'orders_reverse', 'redemptions_reverse', 'customers_merge', 'campaigns_uncover', 'campaigns_end'];
  const steps = [...all.filter((o) => !late.includes(o.id) && o.method !== 'DELETE'), ...all.filter((o) => late.includes(o.id)).sort((a, b) => late.indexOf(a.id) - late.indexOf(b.id)), ...all.filter((o) => o.method === 'DELETE' && !late.includes(o.id))];
  for (const o of steps) {
    if (o.id === 'jobs_result') continue; // of a job that nobody does there is none: jobs.test.mjs
    const [status, answer] = Object.entries(o.operation.responses).find(([s]) => /^2\d\d$/.test(s));
    const body = o.operation.requestBody?.content['application/json'].example;
    if (body) assert.deepEqual(schemaProblems(doc, o.operation.requestBody.content['application/json'].schema, body), [], o.id);
    const here = (text) => Object.entries(ids).reduce((t, [there, id]) => t.replace(there, id), text);
    const target = here(targets[o.id]);
    if (body?.event_id) body.event_id = here(body.event_id);
    const r = await (o.id === 'merchant_clock' ? box : api).call(o.method, target, body);
    assert.equal(r.status, Number(status), `${o.id}: ${r.text}`);
    const { schema, example } = answer.content['application/json'];
    assert.deepEqual(schemaProblems(doc, schema, r.json), [], o.id);
    assert.deepEqual(schemaProblems(doc, schema, example), [], o.id);
    if (!Array.isArray(r.json.data) && o.id !== 'qualify') assert.deepEqual(Object.keys(r.json), Object.keys(example), o.id);
    if (o.id === 'templates_make') ids = await prepareExamples(api);
  }
});
// The targets stand on the page, with each method's own example.
function exampleTargets() {
  const out = {};
  for (const m of page.matchAll(/<section id="([^"]+)">[\s\S]*?<pre>(\w+) ([^\n]+)\n/g)) out[m[1].replace('.', '_')] = m[3].replaceAll('&amp;', '&');
  return out;
}
test('the page needs nothing from elsewhere and explains every code', async () => {
  assert.ok(!/(src|href)="(https?:)?\/\//.test(page));
  assert.ok(!/<script/.test(page));
  for (const m of page.matchAll(/href="#([^"]+)"/g)) assert.ok(page.includes(`id="${m[1]}"`), m[1]);
  for (const name of ['coupon_not_usable', 'request_reused', 'threshold_missed']) assert.ok(page.includes(`id="${name}"`));
  assert.equal((await api.call('POST', '/openapi.json', {})).status, 405);
});

// ---- who calls

test('addresses, verbs, keys', async () => {
  const nobody = api.as('');
  refused(await api.get('/v1/nothing'), 404, 'method_unknown');
  refused(await api.get('/v1'), 404, 'method_unknown');
  refused(await api.get('/v1/coupons/a/b/c'), 404, 'method_unknown');
  refused(await api.post('/v1/coupons/a/nothing'), 404, 'method_unknown');
  refused(await api.get('/v1/coupons/%'), 404, 'method_unknown');
  const verb = await api.call('DELETE', '/v1/coupons');
  refused(verb, 405, 'verb_refused');
  assert.equal(verb.headers.allow, 'GET, HEAD, POST');
  assert.equal((await api.call('GET', '/v1/coupons/X/redeem')).headers.allow, 'POST');
  const missing = await nobody.get('/v1/merchant');
  refused(missing, 401, 'key_missing');
  assert.equal(missing.headers['www-authenticate'], 'Bearer');
  refused(await api.get('/v1/merchant', { authorization: 'Basic abc' }), 401, 'key_missing');
  refused(await api.get('/v1/merchant', { authorization: 'Bearer ' }), 401, 'key_missing');
  refused(await api.as('no-such-key-of-mine').get('/v1/merchant'), 401, 'key_unknown');
  refused(await api.as('x'.repeat(300)).get('/v1/merchant'), 401, 'key_unknown');
  refused(await as('ended').get('/v1/merchant'), 401, 'key_ended');
  refused(await as('far').get('/v1/merchant'), 403, 'address_refused');
  assert.equal((await api.get('/v1/merchant', { authorization: 'bearer demo-native-key' })).status, 200);
  assert.equal((await api.call('HEAD', '/v1/merchant')).text, '');
  nobody.close();
});
test('a limit of calls, by key', async () => {
  const slow = as('slow');
  const first = await slow.get('/v1/merchant');
  assert.deepEqual(['limit', 'remaining', 'reset'].map((n) => first.headers[`ratelimit-${n}`]), ['3', '2', '1']);
  let r = first;
  for (let i = 0; i < 6 && r.status === 200; i++) r = await slow.get('/v1/merchant');
  refused(r, 429, 'call_limited');
  assert.equal(r.headers['ratelimit-remaining'], '0');
  assert.ok(Number(r.headers['retry-after']) >= 1);
  assert.equal((await api.get('/v1/merchant')).headers['ratelimit-limit'], undefined);
});
test('what each scope may do: every method', async () => {
  const ids = byId();
  for (const [name, scopes] of Object.entries({ read: ['read'], issue: ['issue'], redeem: ['redeem'], manage: ['manage'], admin: ['admin'], public: ['public'] })) {
    const of = as(name);
    for (const o of Object.values(ids)) {
      const wanted = /one of: ([^.]+)\./.exec(o.operation.description)[1].split(', ');
      const path = o.path.replace(/\{.*?\}/g, 'none-of-them');
      const r = await of.call(o.method, path, o.method === 'GET' ? undefined : '[]');
      const may = wanted.some((w) => scopes.includes(w));
      assert.equal(r.json.code === 'scope_missing', !may, `${name} ${o.id}: ${r.text}`);
      if (!may) refused(r, 403, 'scope_missing');
    }
  }
});

// ---- requests

test('bodies', async () => {
  for (const body of ['', 'x', '[]', '"a"', '{"name":', '{"a":1}x']) {
    const r = await api.call('POST', '/v1/templates', body);
    if (body === '') refused(r, 400, 'parameter_missing', 'name');
    else refused(r, 400, 'body_invalid');
  }
  refused(await api.post('/v1/templates', { name: 'x', amount_fen: 1, limits: { totel: 5 } }), 400, 'parameter_invalid', 'limits.totel');
  refused(await api.post('/v1/templates', { name: 'x', amount_fen: 1, ['y'.repeat(99)]: 5 }), 400, 'parameter_invalid', '?');
  refused(await api.get('/v1/coupons?stete=unused'), 400, 'parameter_invalid', 'stete');
  refused(await api.get('/v1/coupons?state=nothing'), 400, 'parameter_invalid', 'state');
  refused(await api.get('/v1/merchant?x=1'), 400, 'parameter_invalid', 'x');
  refused(await api.post('/v1/qualify', { customer: OWNER, items: [{ price_fen: 1, quantity: 0 }] }), 400, 'parameter_invalid', 'items[0].quantity');
  refused(await api.post('/v1/qualify', { customer: OWNER, items: [{ quantity: 1 }] }), 400, 'parameter_missing', 'items[0].price_fen');
  refused(await api.post('/v1/redemptions', { codes: Array.from({ length: 31 }, (_, i) => `c${i}`), order_no: 'x' }), 400, 'too_many', 'codes');
  refused(await api.post('/v1/coupons', { template_id: 9001, customers: ['a', { nothing: 1 }] }), 400, 'parameter_invalid', 'customers[1].nothing');
  refused(await api.post('/v1/coupons', { template_id: 9001, customers: ['a', { name: 'only a name' }] }), 400, 'parameter_missing', 'customers[1]');
  refused(await api.post('/v1/coupons', { template_id: 9001, customer: 'a', customers: ['b'] }), 400, 'parameter_invalid', 'customers');
  refused(await api.post('/v1/coupons', { template_id: 9001, count: 1001 }), 400, 'parameter_invalid', 'count');
  refused(await api.post('/v1/coupons', { template_id: 9001, customers: ['a', 'b'], count: 501 }), 400, 'too_many', 'count');
  refused(await api.post('/v1/coupons', { template_id: 9001, hold_seconds: 60 }), 400, 'parameter_invalid', 'hold_seconds');
});
test('templates: each member goes in and comes out', async () => {
  const whole = {
    template_id: 9100, name: '八折', type: 'percent_off', percent_off: 12.5, cap_fen: 3000, threshold_fen: 5000,
    shops: { include: ['01', '02'], exclude: ['03'] }, categories: { include: ['drinks'] }, products: { exclude: ['tea'] }, channels: { include: ['app'] },
    valid: { starts_after_days: 1, lasts_days: 7 }, hours: [{ weekdays: [1, 5], from: '09:00', to: '17:30' }, { weekdays: [7], from: '22:00', to: '02:00' }],
    limits: { total: 10, per_customer: 2, per_day: 5, per_customer_per_day: 1, uses_per_coupon: 3, uses_per_customer: 4, uses_per_customer_per: { period: 'week', uses: 2 }, budget_fen: 100000 },
    stacking: { group: 'spring', exclusive: true, priority: 5, per_order: 1 }, give_back: 'on_cancel', rounding: 'jiao_down', splitting: 'in_order',
    code: { prefix: 'SP-', charset: '0123456789ABCDEFGHJKMNPQRSTVWXYZ', length: 12, check_digit: true }, description: 'twelve and a half', channel: 'app',
  };
  const made = await api.post('/v1/templates', whole);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.location, '/v1/templates/9100');
  const got = await api.get('/v1/templates/9100');
  const { created_at, updated_at, usage, ...rest } = got.json;
  assert.deepEqual(rest, { ...whole, template_id: '9100', revision: 0 });
  assert.deepEqual(rest, made.json);
  assert.deepEqual(usage, { issued: 0, issued_today: 0, redeemed: 0, spent_fen: 0 });
  const flat = await api.done('POST', '/v1/templates', { name: 'flat', amount_fen: '100', shops: ['a', 1], total: 5, per_person: 2, start_time: '2026-01-02', end_time: '2026-01-03' });
  assert.deepEqual(flat.limits, { total: 5, per_customer: 2, uses_per_coupon: 1 });
  assert.deepEqual(flat.shops, { include: ['a', '1'] });
  assert.deepEqual(flat.valid, { from: '2026-01-02T00:00:00+08:00', until: '2026-01-03T23:59:59+08:00' });
  assert.match(flat.template_id, /^\d{9,19}$/);
});
test('templates: what is refused', async () => {
  const t = (more) => api.post('/v1/templates', { name: 'x', amount_fen: 1, ...more });
  refused(await api.post('/v1/templates', { amount_fen: 1 }), 400, 'parameter_missing', 'name');
  refused(await api.post('/v1/templates', { name: 'x' }), 400, 'parameter_missing', 'type');
  refused(await api.post('/v1/templates', { name: 'x', type: 'percent_off' }), 400, 'parameter_missing', 'percent_off');
  for (const percent_off of [0, 100.5, 12.345, '-1', true, '1e1']) refused(await t({ percent_off, type: 'percent_off' }), 400, 'parameter_invalid', 'percent_off');
  for (const amount_fen of [-1, 1.5, 'x', true, 1e15 + 1]) refused(await t({ amount_fen }), 400, 'parameter_invalid', 'amount_fen');
  for (const type of ['nothing', 1, '', true].slice(0, 2)) refused(await t({ type }), 400, 'parameter_invalid', 'type');
  refused(await t({ hours: [{ from: '09:00', to: '24:00' }] }), 400, 'parameter_invalid', 'hours[0].to');
  refused(await t({ hours: [{ from: '9:00', to: '10:00' }] }), 400, 'parameter_invalid', 'hours[0].from');
  refused(await t({ hours: [{ weekdays: [0], from: '09:00', to: '10:00' }] }), 400, 'parameter_invalid', 'hours[0].weekdays');
  refused(await t({ hours: [{ from: '09:00' }] }), 400, 'parameter_missing', 'hours[0].to');
  refused(await t({ valid: { from: '2026-01-01', lasts_days: 3 } }), 400, 'parameter_invalid', 'valid');
  refused(await t({ valid: { starts_after_days: 3 } }), 400, 'parameter_missing', 'valid.lasts_days');
  refused(await t({ valid: { from: '2026-13-01' } }), 400, 'parameter_invalid', 'valid.from');
  refused(await t({ valid: { from: '2026-02-01', until: '2026-01-01' } }), 400, 'parameter_invalid', 'valid.until');
  refused(await t({ shops: { include: ['a\nb'] } }), 400, 'parameter_invalid', 'shops');
  refused(await t({ shops: [''] }), 400, 'parameter_invalid', 'shops[0]');
  refused(await t({ limits: 5 }), 400, 'parameter_invalid', 'limits');
  refused(await t({ limits: { uses_per_coupon: 101 } }), 400, 'parameter_invalid', 'limits.uses_per_coupon');
  refused(await t({ limits: { uses_per_customer_per: { period: 'hour', uses: 1 } } }), 400, 'parameter_invalid', 'limits.uses_per_customer_per.period');
  refused(await t({ code: { charset: '0123456789ABCDEF', length: 9 } }), 400, 'parameter_invalid', 'code.length');
  refused(await t({ code: { charset: '0110', length: 40 } }), 400, 'parameter_invalid', 'code.charset');
  refused(await t({ name: 'x'.repeat(101) }), 400, 'parameter_too_long', 'name');
  refused(await t({ template_id: 9001 }), 409, 'template_exists', 'template_id');
  refused(await api.get('/v1/templates/9999'), 404, 'template_unknown', 'template_id');
  refused(await api.get('/v1/templates/x'), 404, 'template_unknown', 'template_id');
});
test('templates: a change is a merge patch, guarded by revisions', async () => {
  const { template_id: id } = await api.done('POST', '/v1/templates', { name: 'a', amount_fen: 100, cap_fen: 5, shops: ['1'], limits: { total: 5, per_customer: 3 }, valid: { lasts_days: 3 } });
  const path = `/v1/templates/${id}`;
  assert.equal((await api.get(path)).headers.etag, '"0"');
  const r = await api.call('PATCH', path, { cap_fen: null, shops: null, limits: { per_customer: null, per_day: 7 }, valid: { from: '2026-01-01' } }, { 'if-match': '"0"' });
  assert.equal(r.headers.etag, '"1"', r.text);
  assert.deepEqual(r.json, { template_id: id, revision: 1 });
  const t = (await api.get(path)).json;
  assert.deepEqual([t.cap_fen, t.shops, t.limits, t.valid], [undefined, undefined, { total: 5, per_day: 7, uses_per_coupon: 1 }, { from: '2026-01-01T00:00:00+08:00' }]);
  refused(await api.call('PATCH', path, { name: 'b' }, { 'if-match': '"0"' }), 412, 'precondition_failed', 'if-match');
  refused(await api.call('PATCH', path, { name: 'b' }, { 'if-match': 'W/"1"' }), 412, 'precondition_failed', 'if-match');
  assert.equal((await api.call('PATCH', path, { name: 'b' }, { 'if-match': '*' })).json.revision, 2);
  assert.equal((await api.call('PATCH', path, { limits: null })).json.revision, 3);
  assert.deepEqual((await api.get(path)).json.limits, { uses_per_coupon: 1 });
  refused(await api.call('PATCH', path, { name: null }), 400, 'parameter_invalid', 'name');
  refused(await api.call('PATCH', path, { template_id: 5 }), 400, 'parameter_invalid', 'template_id');
  refused(await api.call('PATCH', '/v1/templates/77', { name: 'b' }), 404, 'template_unknown', 'template_id');
  await api.done('POST', '/v1/coupons', { template_id: id, count: 3 });
  refused(await api.call('PATCH', path, { limits: { total: 2 } }), 409, 'limit_below_used', 'total');
  await api.done('DELETE', path);
  refused(await api.get(path), 404, 'template_unknown', 'template_id');
});

// ---- repeats

test('a repeat gets the first answer, byte for byte', async () => {
  const plain = await issue(), other = await issue(), held = await issue({ hold: true });
  await api.done('PUT', '/v1/campaigns/again', { name: 'again' });
  await api.done('PUT', '/v1/customers/again-1', { name: 'one' });
  await api.done('PUT', '/v1/customers/again-2', { name: 'two' });
  const { template_id } = await api.done('POST', '/v1/templates', { name: 'goes', amount_fen: 1 });
  const calls = [
    ['POST', '/v1/templates', { name: 'once', amount_fen: 5 }],
    ['PATCH', '/v1/templates/9001', { description: 'once' }],
    ['POST', '/v1/coupons', { template_id: 9001, customers: [OWNER, { phone: '13100000001' }], count: 2 }],
    ['POST', '/v1/coupons', { template_id: 9001, customer: OWNER, hold: true }],
    ['POST', `/v1/coupons/${plain}/freeze`, { reason: 'x' }],
    ['POST', `/v1/coupons/${plain}/unfreeze`, {}],
    ['POST', `/v1/coupons/${plain}/redeem`, { order_no: `again-${plain}`, items: [{ price_fen: 700, quantity: 3 }] }],
    ['POST', `/v1/coupons/${plain}/reverse`, { cause: 'refund', amount_fen: 100 }],
    ['POST', `/v1/orders/again-${plain}/reverse`, {}],
    ['POST', `/v1/coupons/${plain}/transfer`, { customer: { nick: 'somebody' } }],
    ['POST', `/v1/coupons/${plain}/reissue`, {}],
    ['POST', '/v1/redemptions', { codes: [other], order_no: 'again-many' }],
    ['POST', `/v1/coupons/${held}/confirm`, {}],
    ['POST', `/v1/coupons/${held}/recall`, {}],
    ['POST', '/v1/customers', { phone: '13100000002', name: 'made once' }],
    ['PUT', '/v1/customers/again-3', { name: 'three' }],
    ['POST', '/v1/customers/again-1/merge', { into: 'again-2' }],
    ['DELETE', '/v1/customers/again-2', undefined],
    ['POST', '/v1/departments', { name: 'once' }],
    ['POST', '/v1/campaigns', { source_code: 'again-4', name: 'x' }],
    ['PUT', '/v1/campaigns/again', { name: 'y' }],
    ['POST', '/v1/campaigns/again/targets', { nicks: ['somebody'] }],
    ['POST', '/v1/campaigns/again/invitations', { customers: [OWNER] }],
    ['POST', '/v1/campaigns/again/registrations', { customers: [OWNER], registered_at: '2026-01-01' }],
    ['DELETE', '/v1/campaigns/again/targets', undefined],
    ['DELETE', '/v1/campaigns/again', undefined],
    ['DELETE', `/v1/templates/${template_id}`, undefined],
  ];
  for (const [i, [method, path, body]] of calls.entries()) {
    const number = { 'idempotency-key': `again:${i}` };
    const first = await api.call(method, path, body, number);
    assert.ok(first.status < 300, `${method} ${path}: ${first.text}`);
    const again = await api.call(method, path, body, number);
    assert.equal(again.text, first.text, path);
    assert.equal(again.status, first.status);
    assert.equal(again.headers.etag, first.headers.etag);
    assert.notEqual(again.headers['request-id'], first.headers['request-id']);
    const reused = await api.call(method, path, { ...(body ?? {}), request_no: `again:${i}` }, number);
    refused(reused, 422, 'request_reused', 'request_no');
  }
  // all of them once more, after everything that came later
  for (const [i, [method, path, body]] of calls.entries()) assert.ok((await api.call(method, path, body, { 'idempotency-key': `again:${i}` })).status < 300, path);
  assert.equal((await api.get(`/v1/coupons/${other}`)).json.used, 1);
});
test('a change: what is wrong with it comes first, but for its repeat', async () => {
  const { template_id: id } = await api.done('POST', '/v1/templates', { name: 'relative', amount_fen: 100, valid: { lasts_days: 5 } });
  const patch = (body, of = id, headers) => api.call('PATCH', `/v1/templates/${of}`, body, headers);
  for (const of of [id, 404404, 'no-number']) {
    refused(await patch({ limits: { uses_per_coupon: 1000 } }, of), 400, 'parameter_invalid', 'limits.uses_per_coupon');
    refused(await patch({ nothing: 1 }, of), 400, 'parameter_invalid', 'nothing');
    refused(await patch('[]', of), 400, 'body_invalid', undefined);
  }
  refused(await patch({ valid: { from: '2026-02-01', until: '2026-01-01' } }, 404404), 400, 'parameter_invalid', 'valid.until');
  refused(await patch({ name: 'x' }, 404404), 404, 'template_unknown', 'template_id');
  refused(await patch({ name: 'x' }, 'no-number'), 404, 'template_unknown', 'template_id');
  refused(await patch({ limits: { uses_per_coupon: 1000 } }, id, { 'if-match': '"9"' }), 400, 'parameter_invalid', 'limits.uses_per_coupon');
  // accepted once, it is answered as it was: changed since, deleted since
  const body = { template_id: id, valid: { starts_after_days: 2 }, request_no: `patch-${id}` };
  const first = await patch(body);
  assert.equal(first.status, 200, first.text);
  await api.done('PATCH', `/v1/templates/${id}`, { valid: null });
  assert.equal((await patch(body)).text, first.text);
  await api.done('DELETE', `/v1/templates/${id}`);
  assert.equal((await patch(body)).text, first.text);
  refused(await patch({ ...body, request_no: undefined, valid: { lasts_days: 1 } }), 404, 'template_unknown', 'template_id');
});
test('what was asked cannot be guessed from what is kept of it', async () => {
  const c = await issue({ customer: undefined }), phone = '13177777777';
  const asked = [
    ['coupons.assign', `/v1/coupons/${c}/assign`, JSON.stringify({ customer: { phone } })],
    ['customers.save', '/v1/customers', JSON.stringify({ phone: '13177777778' })],
    ['coupons.redeem', `/v1/coupons/${c}/redeem`, JSON.stringify({ order_no: phone, amount_fen: 5000 })],
  ];
  for (const [i, [, path, body]] of asked.entries()) assert.ok((await api.post(path, body, { 'idempotency-key': `kept-${c}-${i}` })).status < 300);
  const shown = cli('ledger', 'show', `--data=${server.dir}`);
  assert.ok(shown.includes('put request'));
  for (const parts of asked) {
    const digest = createHash('sha256').update(parts.join('\n')).digest('hex');
    assert.ok(!shown.includes(digest.slice(0, 16)), parts[0]);
  }
});
test('request numbers', async () => {
  const body = { name: 'numbered', amount_fen: 1, request_no: 'n-in-the-body' };
  const first = await api.post('/v1/templates', body);
  assert.equal((await api.post('/v1/templates', body)).text, first.text);
  assert.equal((await api.post('/v1/templates', body, { 'idempotency-key': 'n-in-the-body' })).text, first.text);
  refused(await api.post('/v1/templates', body, { 'idempotency-key': 'another' }), 400, 'parameter_invalid', 'request_no');
  refused(await api.post('/v1/templates', { ...body, request_no: 'a b' }), 400, 'parameter_invalid', 'request_no');
  refused(await api.post('/v1/templates', body, { 'idempotency-key': 'x'.repeat(256) }), 400, 'parameter_invalid', 'Idempotency-Key');
  // what was refused is not remembered
  const late = { template_id: 9001, customer: { phone: '13155555555' }, code: code() };
  await api.done('POST', '/v1/coupons', late);
  refused(await api.post('/v1/coupons', late, { 'idempotency-key': 'n-refused' }), 409, 'value_taken', 'code');
  assert.equal((await api.post('/v1/coupons', { ...late, code: code() }, { 'idempotency-key': 'n-refused' })).status, 201);
});

// ---- coupons

test('issuing: to one, to many, to nobody, with given codes', async () => {
  const one = await api.done('POST', '/v1/coupons', { template_id: '9001', customer: OWNER });
  assert.equal(one.code, one.coupons[0].code);
  const given = [code(), code()];
  const many = await api.done('POST', '/v1/coupons', { template_id: 9001, customers: [Number(5), { id: 'five' }], codes: given });
  assert.deepEqual(many.coupons.map((c) => [c.code, c.customer_id]), [[given[0], '5'], [given[1], 'five']]);
  const nobody = await api.done('POST', '/v1/coupons', { template_id: 9001, count: 2 });
  assert.deepEqual(nobody.coupons.map((c) => c.customer_id), [undefined, undefined]);
  assert.equal((await api.done('POST', '/v1/coupons', { template_id: 9001, codes: [code(), code(), code()] })).issued, 3);
  refused(await api.post('/v1/coupons', { template_id: 9001, codes: [code()], count: 2 }), 400, 'parameter_invalid', 'codes');
  refused(await api.post('/v1/coupons', { template_id: 1, customer: OWNER }), 404, 'template_unknown', 'template_id');
  const { template_id } = await api.done('POST', '/v1/templates', { name: 'one', amount_fen: 1, limits: { total: 3, per_customer: 1 } });
  const some = await api.done('POST', '/v1/coupons', { template_id, customers: ['p1', 'p1', 'p2', 'p3', 'p4'] });
  assert.equal(some.issued, 3);
  assert.deepEqual(some.coupons.map((c) => c.error?.code), [undefined, 'person_exhausted', undefined, undefined, 'template_exhausted']);
  const none = await api.post('/v1/coupons', { template_id, customer: 'p5' });
  refused(none, 409, 'template_exhausted', 'template_id');
  assert.deepEqual(none.json.reasons.map((r) => r.code), ['template_exhausted']);
});
test('the life of a coupon, verb by verb', async () => {
  const c = await issue({ customer: undefined, hold: true, hold_seconds: 600 });
  const at = `/v1/coupons/${c}`;
  const verb = async (name, body, headers) => (await api.done('POST', `${at}/${name}`, body, headers)).state;
  const now = async () => (await api.get(at)).json;
  assert.deepEqual([(await now()).state, (await now()).held], ['frozen', true]);
  refused(await api.post(`${at}/redeem`, { amount_fen: 5000 }), 409, 'coupon_held', 'code');
  assert.equal(await verb('confirm'), 'unused');
  assert.equal(await verb('assign', { customer: OWNER, operator: 'anna', shop: '01' }), 'unused');
  assert.equal((await now()).customer_id, OWNER);
  refused(await api.post(`${at}/assign`, { customer: OWNER }), 409, 'coupon_owned', 'code');
  assert.equal(await verb('freeze', { until: '2099-01-01' }), 'frozen');
  assert.equal((await now()).until, '2099-01-01T23:59:59+08:00');
  refused(await api.post(`${at}/redeem`, { amount_fen: 5000 }), 409, 'coupon_frozen', 'code');
  assert.equal(await verb('unfreeze'), 'unused');
  refused(await api.post(`${at}/unfreeze`), 409, 'coupon_idle', 'code');
  const { etag } = (await api.get(at)).headers;
  for (const name of ['freeze', 'redeem', 'recall']) refused(await api.post(`${at}/${name}`, {}, { 'if-match': '"1"' }), 412, 'precondition_failed', 'if-match');
  const redeemed = await api.post(`${at}/redeem`, { order_no: `o-${c}`, shop: '01', amount_fen: 5000 }, { 'if-match': etag });
  assert.deepEqual([redeemed.status, redeemed.json.state, redeemed.json.discount_fen], [200, 'redeemed', 1000], redeemed.text);
  const twice = await api.post(`${at}/redeem`, { amount_fen: 5000 });
  refused(twice, 409, 'coupon_redeemed', 'code');
  assert.equal(twice.json.value, c);
  const part = await api.done('POST', `${at}/reverse`, { redemption: redeemed.json.redemption_id, amount_fen: 2500, cause: 'refund' });
  assert.deepEqual([part.discount_fen, part.gave_back, part.redemption_id], [500, false, redeemed.json.redemption_id]);
  refused(await api.post(`${at}/reverse`, { redemption: `104261346292006927-${redeemed.json.redemption_id.split('-')[1]}` }), 400, 'parameter_invalid', 'redemption');
  const order = await api.done('POST', `/v1/orders/o-${c}/reverse`, {});
  assert.deepEqual([order.discount_fen, order.coupons[0].gave_back], [500, true]);
  refused(await api.post(`/v1/orders/o-${c}/reverse`), 409, 'coupon_idle', 'order_no');
  refused(await api.get('/v1/orders/none'), 404, 'order_unknown', 'order_no');
  assert.equal(await verb('transfer', { customer: { nick: 'else' } }), 'unused');
  refused(await api.post(`${at}/transfer`, {}), 400, 'parameter_missing', 'customer');
  refused(await api.post(`${at}/extend`, {}), 400, 'parameter_missing', 'until');
  const again = await api.done('POST', `${at}/reissue`, {});
  assert.equal(again.state, 'recalled');
  assert.equal((await api.get(`/v1/coupons/${again.new_code}`)).json.state, 'unused');
  refused(await api.post(`${at}/recall`), 409, 'coupon_recalled', 'code');
  const { events } = await now();
  assert.deepEqual(events.map((e) => e.kind), ['held', 'confirmed', 'assigned', 'frozen', 'unfrozen', 'redeemed', 'reversed', 'reversed', 'transferred', 'reissued']);
  assert.deepEqual([events[2].operator, events[2].shop, events[2].customer_id], ['anna', '01', OWNER]);
  assert.equal((await api.get(`${at}?as_of=${encodeURIComponent(events.at(-1).at)}`)).json.state, 'recalled');
  refused(await api.get(`${at}?as_of=2020-01-01`), 404, 'coupon_unknown', 'code');
});
/** The bodies of `n` answers to requests that were sent in one piece. */
const pipelined = (lines, body = '') => new Promise((resolve, reject) => {
  const socket = net.connect(server.port, '127.0.0.1');
  let text = '';
  socket.on('error', reject);
  socket.on('end', () => resolve(text.split(/HTTP\/1\.1 /).slice(1).map((one) => [Number(one.slice(0, 3)), JSON.parse(one.slice(one.indexOf('\r\n\r\n') + 4))])));
  socket.on('data', (d) => { text += d; });
  socket.write(lines.map(([method, path], i) => `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo-native-key\r\n${
    i === lines.length - 1 ? 'Connection: close\r\n' : ''}Content-Length: ${method === 'POST' ? body.length : 0}\r\n\r\n${method === 'POST' ? body : ''}`).join(''));
});
test('reads that come together, with writes between them, are answered each with its own and in order', async () => {
  const made = [];
  for (let i = 0; i < 24; i++) made.push(await issue());
  await Promise.all(Array.from({ length: 48 }, async (_, n) => {
    const mine = made[n % made.length], other = made[(n * 7 + 1) % made.length], still = n >= made.length;
    const lines = [['GET', `/v1/coupons/${mine}`], ['GET', '/v1/coupons/no-such'], ...still ? [] : [['POST', `/v1/coupons/${mine}/freeze`]],
      ['GET', `/v1/coupons/${mine}`], ...Array(4).fill(['GET', `/v1/coupons/${other}`])];
    const answers = await pipelined(lines, '{}');
    assert.deepEqual(answers.map(([status]) => status), lines.map(([, path]) => (path.endsWith('no-such') ? 404 : 200)), JSON.stringify(answers));
    assert.deepEqual([answers[0], answers.at(-5), answers.at(-4), answers.at(-1)].map(([, body]) => body.code), [mine, mine, other, other]);
    if (!still) assert.deepEqual([answers[2][1].state, answers[3][1].state], ['frozen', 'frozen']);
  }));
});
test('codes are found as people write them', async () => {
  const { code: made } = await api.done('POST', '/v1/coupons', { template_id: 9001, customer: OWNER });
  const written = `${made.slice(0, 4)} ${made.slice(4, 8)}-${made.slice(8)}`.toLowerCase();
  assert.equal((await api.get(`/v1/coupons/${encodeURIComponent(written)}`)).json.code, made);
  assert.equal((await api.post(`/v1/coupons/${encodeURIComponent(written)}/validate`, { amount_fen: 5000 })).json.usable, true);
  refused(await api.get('/v1/coupons/no-such'), 404, 'coupon_unknown', 'code');
  refused(await api.get(`/v1/coupons/${'x'.repeat(101)}`), 404, 'coupon_unknown', 'code');
});
test('several coupons of one order: all or nothing, with all reasons', async () => {
  const [a, b] = [await issue(), await issue()];
  await api.done('POST', `/v1/coupons/${b}/freeze`, {});
  const r = await api.post('/v1/redemptions', { codes: [a, b], order_no: `m-${a}`, amount_fen: 9000 });
  refused(r, 409, 'coupon_frozen', 'code');
  assert.deepEqual(r.json.reasons.map((x) => [x.code, x.coupon]), [['coupon_frozen', b]]);
  assert.equal((await api.get(`/v1/coupons/${a}`)).json.used, 0);
  await api.done('POST', `/v1/coupons/${b}/unfreeze`, {});
  const done = await api.done('POST', '/v1/redemptions', { codes: [a, b], order_no: `m-${a}`, amount_fen: 9000 });
  assert.deepEqual([done.discount_fen, done.coupons.map((c) => c.code)], [2000, [a, b]]);
  assert.deepEqual((await api.get(`/v1/orders/m-${a}`)).json.coupons.map((c) => c.code), [a, b]);
  refused(await api.post('/v1/redemptions', { codes: [a, a], order_no: 'x' }), 409, 'coupon_repeated', 'code');
  refused(await api.post('/v1/redemptions', { order_no: 'x' }), 400, 'parameter_missing', 'codes');
});
test('a redemption by its id', async () => {
  const { template_id } = await api.done('POST', '/v1/templates', { name: 'thrice', amount_fen: 900, limits: { uses_per_coupon: 3 } });
  const c = (await api.done('POST', '/v1/coupons', { template_id, customer: 'of-uses' })).code;
  const use = (order_no) => api.done('POST', `/v1/coupons/${c}/redeem`, { order_no, amount_fen: 3000, items: [{ price_fen: 3000 }] });
  const [one, two] = [await use('u-1'), await use('u-2')];
  const { split_fen, ...rest } = one;
  assert.deepEqual((await api.get(`/v1/redemptions/${one.redemption_id}`)).json, { ...rest, split_fen, given_back_fen: 0, reversed: false, reversals: [] });
  // a part of the first, while the second stands; the repeat is the same
  const part = { amount_fen: 1000, request_no: `part-${c}` };
  const back = await api.post(`/v1/redemptions/${one.redemption_id}/reverse`, part);
  assert.deepEqual((({ redemption_id, order_no, discount_fen, used }) => ({ redemption_id, order_no, discount_fen, used }))(back.json), { redemption_id: one.redemption_id, order_no: 'u-1', discount_fen: 300, used: 2 });
  assert.equal((await api.post(`/v1/redemptions/${one.redemption_id}/reverse`, part)).text, back.text);
  refused(await api.post(`/v1/redemptions/${two.redemption_id}/reverse`, part), 422, 'request_reused', 'request_no');
  const half = (await api.get(`/v1/redemptions/${one.redemption_id}`)).json;
  assert.deepEqual([half.given_back_fen, half.reversed, half.reversals.map((e) => e.discount_fen)], [300, false, [300]]);
  // the rest, once
  assert.equal((await api.done('POST', `/v1/redemptions/${one.redemption_id}/reverse`, {})).discount_fen, 600);
  refused(await api.post(`/v1/redemptions/${one.redemption_id}/reverse`), 409, 'coupon_idle', 'code');
  assert.equal((await api.get(`/v1/redemptions/${one.redemption_id}`)).json.reversed, true);
  assert.equal((await api.get(`/v1/redemptions/${two.redemption_id}`)).json.reversed, false);
  // what is no redemption: another event, another number, no id
  const [id] = one.redemption_id.split('-');
  for (const wrong of [`${id}-3`, `${id}-99`, `${id}-0`, `${id}-`, id, `${id}-2x`, '100000000000000001-1', 'x-2', `${c}-2`]) {
    refused(await api.get(`/v1/redemptions/${wrong}`), 404, 'redemption_unknown', 'redemption');
    refused(await api.post(`/v1/redemptions/${wrong}/reverse`), 404, 'redemption_unknown', 'redemption');
  }
  refused(await as('east').get(`/v1/redemptions/${one.redemption_id}`), 404, 'redemption_unknown', 'redemption');
});
test('validate and qualify say every reason', async () => {
  const { template_id } = await api.done('POST', '/v1/templates', { name: 'hard', amount_fen: 500, threshold_fen: 9000, shops: ['01'], channels: ['app'] });
  const c = await issue({ template_id, customer: 'qualified' });
  const v = await api.done('POST', `/v1/coupons/${c}/validate`, { amount_fen: 100, shop: '02' });
  assert.deepEqual([v.usable, v.reasons.map((r) => r.code)], [false, ['shop_excluded', 'channel_excluded', 'threshold_missed']]);
  const not = await api.done('POST', `/v1/coupons/${c}/validate`, { amount_fen: 10000, shop: '01', channel: 'app', customer: OWNER });
  assert.deepEqual(not.reasons.map((r) => r.code), ['coupon_owned']);
  const good = await api.done('POST', `/v1/coupons/${c}/validate`, { items: [{ price_fen: 5000, quantity: 2 }], shop: '01', channel: 'app', customer: { id: 'qualified' } });
  assert.deepEqual([good.usable, good.discount_fen, good.split_fen], [true, 500, [500]]);
  const q = await api.done('POST', '/v1/qualify', { customer: 'qualified', shop: '01', channel: 'app', items: [{ price_fen: 5000 }, { price_fen: 5000 }] });
  assert.deepEqual([q.amount_fen, q.best.discount_fen, q.best.coupons.map((x) => x.code), q.complete], [10000, 500, [c], true]);
  const wrong = await api.post(`/v1/coupons/${c}/redeem`, { amount_fen: 100, shop: '02' });
  refused(wrong, 409, 'shop_excluded', 'code');
  assert.deepEqual(wrong.json.reasons.map((r) => r.code), ['shop_excluded', 'channel_excluded', 'threshold_missed']);
  const used = await api.done('POST', `/v1/coupons/${c}/redeem`, { order_no: 'in-two', shop: '01', channel: 'app', items: [{ price_fen: 5000 }, { price_fen: 5000 }] });
  assert.deepEqual([used.discount_fen, used.split_fen], [500, [250, 250]]);
  assert.deepEqual((await api.done('GET', '/v1/orders/in-two')).coupons.map((x) => x.split_fen), [[250, 250]]);
  refused(await api.post('/v1/qualify', { customer: 'nobody-known', amount_fen: 5 }), 404, 'customer_unknown', 'customer');
});
test('lists: cursors lead through all of them, and only through their own', async () => {
  const seen = [];
  let cursor;
  do {
    const r = await api.done('GET', `/v1/coupons?limit=7${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...r.data.map((c) => c.id));
    assert.ok(r.data.length <= 7);
    cursor = r.next_cursor;
  } while (cursor);
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.length > 40);
  const { next_cursor: next } = await api.done('GET', '/v1/coupons?limit=1');
  refused(await api.get(`/v1/customers?cursor=${next}`), 400, 'parameter_invalid', 'cursor');
  refused(await api.get(`/v1/coupons?cursor=${next.slice(0, -1)}`), 400, 'parameter_invalid', 'cursor');
  refused(await api.get(`/v1/coupons?cursor=${next.replace(/.$/, (d) => (d === '0' ? '1' : '0'))}`), 400, 'parameter_invalid', 'cursor');
  for (const limit of [0, 101, 'x']) refused(await api.get(`/v1/coupons?limit=${limit}`), 400, 'parameter_invalid', 'limit');
  for (const c of (await api.done('GET', '/v1/coupons?state=redeemed')).data) assert.equal(c.state, 'redeemed');
  const wallet = await api.done('GET', `/v1/customers/${OWNER}/coupons?limit=100`);
  for (const c of wallet.data) assert.equal(c.customer_id, OWNER);
  refused(await api.get('/v1/customers/nobody-known/coupons'), 404, 'customer_unknown', 'customer');
});

// ---- public keys

test('a public key: one answer for everything that is wrong', async () => {
  const page = as('public'), fresh = await issue(), frozen = await issue(), used = await issue(), ended = await issue();
  await api.done('POST', `/v1/coupons/${frozen}/freeze`, {});
  await api.done('POST', `/v1/coupons/${used}/redeem`, { amount_fen: 2000 });
  await api.done('POST', `/v1/coupons/${ended}/recall`, {});
  const good = await page.get(`/v1/coupons/${fresh}`);
  assert.deepEqual(Object.keys(good.json), ['code', 'state', 'name', 'type', 'amount_fen', 'description'], good.text);
  assert.deepEqual((await page.post(`/v1/coupons/${fresh}/validate`, { amount_fen: 5000 })).json, { code: fresh, usable: true, eligible_fen: 5000, discount_fen: 1000 });
  refused(await page.get(`/v1/coupons/${fresh}?as_of=2026-01-01`), 403, 'scope_missing');
  refused(await page.post(`/v1/coupons/${fresh}/redeem`, {}), 403, 'scope_missing');
  refused(await page.post(`/v1/coupons/${fresh}/validate`, { amount_fen: 5000, order_no: 'x' }), 403, 'scope_missing');
  const bare = (r) => {
    const { date, 'request-id': id, ...headers } = r.headers;
    return JSON.stringify([r.status, r.text.replaceAll(id, 'ID'), headers]);
  };
  const answers = [];
  for (const r of [await page.get('/v1/coupons/no-such-code'), await page.get(`/v1/coupons/${frozen}`), await page.get(`/v1/coupons/${used}`), await page.post(`/v1/coupons/${ended}/validate`, { amount_fen: 5000 }), await page.post(`/v1/coupons/${fresh}/validate`, { amount_fen: 5000, customer: 'nobody-known' })])
    answers.push(bare(r)), refused(r, 404, 'coupon_not_usable');
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.ok(!answers[0].includes('reasons'));
  // five were free (and those of the test of scopes before); the next ones wait longer and longer
  let slowed;
  for (let i = 0; i < 10 && slowed?.status !== 429; i++) slowed = await page.get(`/v1/coupons/guess-${i}`);
  refused(slowed, 429, 'call_limited');
  assert.ok(Number(slowed.headers['retry-after']) >= 1);
  assert.equal(slowed.headers['ratelimit-remaining'], '0');
  assert.equal(slowed.headers['ratelimit-reset'], slowed.headers['retry-after']);
  refused(await page.get(`/v1/coupons/${fresh}`), 429, 'call_limited');
  // another key is not slowed, and one that reads too is no public key for a look-up
  const both = await as('both').get(`/v1/coupons/${frozen}`);
  assert.equal(both.json.state, 'frozen');
  assert.ok(both.json.events);
});

// ---- people, campaigns, the merchant

test('customers: saved, merged, erased', async () => {
  const id = (await api.done('POST', '/v1/customers', { phone: '13266660001', name: 'Zhao' })).customer_id;
  assert.equal((await api.done('POST', '/v1/customers', { phone: '13266660001', name: 'Zhao Yi' })).customer_id, id);
  assert.deepEqual((({ customer_id, name, phone, coupons }) => ({ customer_id, name, phone, coupons }))((await api.get(`/v1/customers/${id}`)).json), { customer_id: id, name: 'Zhao Yi', phone: '+8613266660001', coupons: 0 });
  refused(await api.post('/v1/customers', {}), 400, 'parameter_missing', 'customer_id');
  refused(await api.call('PUT', '/v1/customers/p-1', { customer_id: 'p-2' }), 400, 'parameter_invalid', 'customer_id');
  refused(await api.call('PUT', '/v1/customers/p-1', { phone: '13266660001' }), 409, 'value_taken', 'phone');
  refused(await api.get('/v1/customers/nobody-known'), 404, 'customer_unknown', 'customer');
  const twin = (await api.done('POST', '/v1/customers', { nick: 'zhao-twin' })).customer_id;
  await issue({ customer: twin });
  assert.deepEqual(await api.done('POST', `/v1/customers/${twin}/merge`, { into: id }), { customer_id: id, merged_id: twin });
  assert.equal((await api.get(`/v1/customers/${twin}`)).json.customer_id, id);
  refused(await api.post(`/v1/customers/${id}/merge`, {}), 400, 'parameter_missing', 'into');
  refused(await api.post(`/v1/customers/${id}/merge`, { into: 'nobody-known' }), 404, 'customer_unknown', 'into');
  assert.deepEqual(await api.done('DELETE', `/v1/customers/${id}`), { customer_id: id, erased: true });
  const gone = (await api.get(`/v1/customers/${id}`)).json;
  assert.equal(gone?.phone, undefined);
  refused(await api.call('DELETE', '/v1/customers/nobody-known'), 404, 'customer_unknown', 'customer_id');
});
test('a phone is one, however it is written', async () => {
  const spellings = ['138 1111 2222', '13811112222', '+86 138-1111-2222', '0086 13811112222', 8613811112222];
  const ids = [];
  for (const phone of spellings) ids.push((await api.done('POST', '/v1/coupons', { template_id: 9001, customer: { phone } })).coupons[0].customer_id);
  assert.equal(new Set(ids).size, 1);
  const id = ids[0];
  assert.equal((await api.get(`/v1/customers/${id}`)).json.phone, '+8613811112222');
  assert.equal((await api.done('POST', '/v1/customers', { phone: '(138) 1111.2222', name: 'Qian' })).customer_id, id);
  refused(await api.call('PUT', '/v1/customers/p-3', { phone: '138 1111 2222' }), 409, 'value_taken', 'phone');
  assert.equal((await api.done('POST', '/v1/qualify', { customer: { phone: '+8613811112222' }, amount_fen: 1 })).coupons.length, 5);
  for (const [phone, shown] of [['010-6552 9988', '+861065529988'], ['+86 (010) 65529988', '+861065529988'], ['+1 (212) 555-0100', '+12125550100'], ['00 49 30 123456', '+4930123456']]) {
    const { customer_id } = await api.done('POST', '/v1/customers', { phone });
    assert.equal((await api.get(`/v1/customers/${customer_id}`)).json.phone, shown);
  }
  for (const phone of ['1', '12345678901', '138111122', '138 1111 2222 33', '+86', '+861', '+0123456789', '+1234567890123456', '13811112222x8', 'none', '12+13811112222']) {
    refused(await api.post('/v1/customers', { phone }), 400, 'parameter_invalid', 'phone');
    refused(await api.post('/v1/coupons', { template_id: 9001, customers: [OWNER, { phone }] }), 400, 'parameter_invalid', 'customers[1].phone');
  }
  // the platforms ask for it, and show it, as they write it
  for (const phone of ['13811112222', '+8613811112222']) {
    const { total_count, result_arr_list } = await find(server, { phone }).then((r) => r.result);
    assert.equal(total_count, 5);
    assert.deepEqual(new Set(result_arr_list.erp_coupon_d_t_o.map((c) => c.phone)), new Set(['13811112222']));
  }
});
test('campaigns: refusals', async () => {
  refused(await api.get('/v1/campaigns/none'), 404, 'campaign_unknown', 'source_code');
  refused(await api.post('/v1/campaigns', { name: 'x' }), 400, 'parameter_missing', 'source_code');
  refused(await api.call('PUT', '/v1/campaigns/x', {}), 400, 'parameter_missing', 'name');
  refused(await api.call('PUT', '/v1/campaigns/x', { name: 'x', source_code: 'y' }), 400, 'parameter_invalid', 'source_code');
  refused(await api.call('PUT', '/v1/campaigns/wjb-12', { name: 'x' }), 400, 'parameter_invalid', 'source_code');
  refused(await api.call('PUT', '/v1/campaigns/x', { name: 'x', departments: ['none'] }), 404, 'department_unknown', 'departments');
  refused(await api.call('PUT', '/v1/campaigns/x', { name: 'x', status: 'off' }), 400, 'parameter_invalid', 'status');
  refused(await api.call('DELETE', '/v1/campaigns/none'), 404, 'campaign_unknown', 'source_code');
  refused(await api.post('/v1/campaigns/none/targets', { nicks: ['a'] }), 404, 'campaign_unknown', 'source_code');
  refused(await api.get('/v1/campaigns/none/audience'), 404, 'campaign_unknown', 'source_code');
  await api.done('PUT', '/v1/campaigns/x', { name: 'x' });
  refused(await api.post('/v1/campaigns/x/targets', { nicks: [] }), 400, 'parameter_missing', 'nicks');
  refused(await api.post('/v1/campaigns/x/registrations', { customers: ['nobody-known'], registered_at: '2026-01-01' }), 404, 'customer_unknown', 'customers');
});
test('a sandbox\'s clock moves and its coupons with it', async () => {
  const box = as('box');
  refused(await api.post('/v1/merchant/clock', { advance_seconds: 60 }), 409, 'sandbox_wanted');
  const before = (await box.get('/v1/merchant')).json;
  const { template_id } = await box.done('POST', '/v1/templates', { name: 'short', amount_fen: 1, valid: { lasts_days: 2 } });
  const { code } = await box.done('POST', '/v1/coupons', { template_id, customer: 'a' });
  const body = { advance_seconds: 3 * 86400, request_no: 'clock-1' };
  const first = await box.post('/v1/merchant/clock', body);
  assert.deepEqual(first.json, { clock_ahead_seconds: before.clock_ahead_seconds + 3 * 86400 });
  assert.equal((await box.post('/v1/merchant/clock', body)).text, first.text);
  const later = (await box.get('/v1/merchant')).json;
  assert.equal(later.clock_ahead_seconds, first.json.clock_ahead_seconds);
  assert.ok(Date.parse(later.time) - Date.parse(before.time) >= 3 * 86400 * 1000);
  assert.equal((await box.get(`/v1/coupons/${code}`)).json.state, 'expired');
  assert.equal((await api.get('/v1/merchant')).json.clock_ahead_seconds, 0);
  assert.deepEqual((await box.get('/v1/credentials')).json.data.map((c) => c.scopes.length), [5]);
});
test('the head of the ledger is what a checkpoint signs', async () => {
  const head = async (of = api) => (await of.get('/v1/ledger/head')).json;
  const before = await head();
  const body = { request_no: `head-${code()}`, template_id: 9001 };
  await api.done('POST', '/v1/coupons', body);
  const after = await head();
  assert.equal(after.number, before.number + 1);
  assert.notEqual(after.hash, before.hash);
  // what writes nothing, or is another merchant's, leaves it
  await api.done('POST', '/v1/coupons', body);
  refused(await api.post('/v1/coupons', { template_id: 1 }), 404, 'template_unknown', 'template_id');
  await as('box').done('POST', '/v1/templates', { name: 'elsewhere', amount_fen: 1 });
  assert.deepEqual(await head(), after);
  assert.equal((await head(as('box'))).merchant_id, '2');
  const file = join(server.root, 'checkpoint.json');
  cli('ledger', 'checkpoint', `--out=${file}`, `--data=${server.dir}`);
  const chain = JSON.parse(readFileSync(file)).merchants.find((m) => m.merchant === 1);
  assert.deepEqual([chain.entry, chain.hash], [after.number, after.hash]);
  assert.equal(Date.parse(after.at), Math.floor(chain.instant_ms / 1000) * 1000);
});
test('times are the merchant\'s', async () => {
  const east = as('east');
  assert.equal((await east.get('/v1/merchant')).json.zone, '-03:30');
  const t = await east.done('POST', '/v1/templates', { name: 'x', amount_fen: 1, valid: { from: '2026-01-02', until: '2026-01-02' } });
  assert.deepEqual(t.valid, { from: '2026-01-02T00:00:00-03:30', until: '2026-01-02T23:59:59-03:30' });
  const u = await east.done('POST', '/v1/templates', { name: 'x', amount_fen: 1, valid: { from: '2026-01-02T03:30:00.500Z', until: '2026-01-02 10:00:00' } });
  assert.deepEqual(u.valid, { from: '2026-01-02T00:00:00-03:30', until: '2026-01-02T10:00:00-03:30' });
  for (const from of ['2026-02-30', '2026-01-02T25:00:00Z', '2026-01-02T10:00', '2026-01-02T10:00:00+99:00', 20260102]) refused(await east.post('/v1/templates', { name: 'x', amount_fen: 1, valid: { from } }), 400, 'parameter_invalid', 'valid.from');
});
test('keys that make keys', async () => {
  const admin = as('admin');
  const body = { dialect: 'native', label: 'till 9', scopes: ['admin'], expires_at: '2099-12-31', calls_per_s: 50 };
  // made once, shown to repeats, and usable at once
  const first = await admin.post('/v1/credentials', body, { 'idempotency-key': 'make-till-9' });
  assert.equal(first.status, 201);
  assert.match(first.json.key, /^cpk_[a-z2-7]{40}$/);
  assert.equal((await admin.post('/v1/credentials', body, { 'idempotency-key': 'make-till-9' })).text, first.text);
  refused(await admin.post('/v1/credentials', { ...body, label: 'x' }, { 'idempotency-key': 'make-till-9' }), 422, 'request_reused', 'request_no');
  const { id, key } = first.json;
  const made = api.as(key);
  open.push(made);
  assert.equal((await made.get('/v1/credentials?limit=100')).json.data.filter((c) => c.id === id).length, 1);
  const { key: hidden, ...shown } = first.json;
  assert.deepEqual((await admin.get(`/v1/credentials/${id}`)).json, shown);
  // without a number each is another
  const others = [await admin.done('POST', '/v1/credentials', body), await admin.done('POST', '/v1/credentials', body)];
  assert.notEqual(others[0].key, others[1].key);
  // no more than one has
  refused(await admin.post('/v1/credentials', { dialect: 'native', scopes: ['read', 'admin'] }), 403, 'scope_missing', 'scopes');
  refused(await admin.post('/v1/credentials', { dialect: 'top', name: `t${process.pid}`, secret: 's' }), 403, 'scope_missing', 'scopes');
  refused(await admin.post('/v1/credentials', { dialect: 'native', scopes: ['public'] }), 403, 'scope_missing', 'scopes');
  assert.deepEqual((await api.done('POST', '/v1/credentials', { dialect: 'native', scopes: ['public'] })).scopes, ['public']);
  // changes: what is not given stays, null takes away, a repeat says what was said first
  const change = await admin.call('PATCH', `/v1/credentials/${id}`, { expires_at: null, burst: 7 }, { 'idempotency-key': 'change-9' });
  assert.deepEqual(change.json, { ...Object.fromEntries(Object.entries(shown).filter(([n]) => n !== 'expires_at')), burst: 7 });
  assert.equal((await admin.call('PATCH', `/v1/credentials/${id}`, { calls_per_s: null })).json.calls_per_s, undefined);
  assert.equal((await admin.call('PATCH', `/v1/credentials/${id}`, { expires_at: null, burst: 7 }, { 'idempotency-key': 'change-9' })).text, change.text);
  refused(await admin.call('PATCH', `/v1/credentials/${id}`, { calls_per_s: 2_000_000 }), 400, 'parameter_invalid', 'calls_per_s');
  refused(await admin.call('PATCH', `/v1/credentials/${id}`, { label: 'x' }), 400, 'parameter_invalid', 'label');
  // the end of one is at once, and for good
  const ended = await admin.post(`/v1/credentials/${id}/revoke`);
  assert.equal(ended.json.revoked, true);
  refused(await made.get('/v1/credentials'), 401, 'key_ended');
  assert.equal((await admin.call('PATCH', `/v1/credentials/${id}`, { burst: 9 })).json.revoked, true);
  // another merchant's are not there
  const east = as('east');
  for (const wrong of [id, `top:${id}`, 'nothing', 'native:', ':x', 'native:0000']) {
    refused(await east.get(`/v1/credentials/${encodeURIComponent(wrong)}`), 404, 'credential_unknown', wrong === id || wrong.includes(':') && !wrong.startsWith(':') && wrong !== 'native:' ? 'name' : 'id');
  }
  refused(await east.call('PATCH', `/v1/credentials/${id}`, { burst: 1 }), 404, 'credential_unknown', 'name');
  refused(await east.post(`/v1/credentials/${id}/revoke`), 404, 'credential_unknown', 'name');
  assert.equal((await east.get('/v1/credentials')).json.data.length, 1);
  // page by page: places in the merchant's own list
  const page1 = (await admin.get('/v1/credentials?limit=2')).json;
  assert.equal(page1.data.length, 2);
  const page2 = (await admin.get(`/v1/credentials?limit=2&cursor=${page1.next_cursor}`)).json;
  assert.equal(page2.data.length, 2);
  assert.equal(new Set([...page1.data, ...page2.data].map((c) => c.id)).size, 4);
});
test('keys of the other dialects', async () => {
  const name = `w${process.pid}`;
  const wrong = (body, field, code = 'parameter_invalid') => api.post('/v1/credentials', body).then((r) => refused(r, 400, code, field));
  await wrong({}, 'dialect', 'parameter_missing');
  await wrong({ dialect: 'native' }, 'scopes', 'parameter_missing');
  await wrong({ dialect: 'native', scopes: [] }, 'scopes');
  await wrong({ dialect: 'native', scopes: ['all'] }, 'scopes');
  await wrong({ dialect: 'native', scopes: ['read'], name: 'my-own-key-of-16-letters' }, 'name');
  await wrong({ dialect: 'native', scopes: ['read'], secret: 's' }, 'secret');
  await wrong({ dialect: 'wjb', secret: 's' }, 'name', 'parameter_missing');
  await wrong({ dialect: 'wjb', name }, 'secret', 'parameter_missing');
  await wrong({ dialect: 'wjb', name, secret: 's', scopes: ['read'] }, 'scopes');
  await wrong({ dialect: 'wjb', name, secret: 's', sign_mode: 'wechat' }, 'sign_mode');
  await wrong({ dialect: 'wjb', name, secret: 's', trusted: 'nowhere' }, 'trusted');
  await wrong({ dialect: 'wjb', name, secret: 'x'.repeat(257) }, 'secret', 'parameter_too_long');
  const body = { dialect: 'wjb', name, secret: 's', sign_mode: 'query', trusted: '10.0.0.0/8', label: 'shop page', request_no: `cred-${name}` };
  const first = await api.post('/v1/credentials', body);
  assert.equal(first.status, 201);
  assert.equal(first.json.id, `wjb:${name}`);
  assert.equal(first.json.key, undefined);
  assert.equal((await api.post('/v1/credentials', body)).text, first.text);
  refused(await api.post('/v1/credentials', { ...body, request_no: undefined }), 409, 'value_taken', 'name');
  assert.ok(!(await api.get('/v1/credentials?limit=100')).text.includes('"secret"'));
  // signed calls of it are heard: made here, ended here
  const theirs = { openId: `z${process.pid}`, secret: 'zs', grantCode: 'zg' };
  const made = await api.done('POST', '/v1/credentials', { dialect: 'zvcms', name: theirs.openId, secret: theirs.secret, token: theirs.grantCode });
  const zvcms = new Zvcms(server, theirs), customerId = 'seen-by-a-made-key', cardId = await issue({ customer: customerId });
  assert.equal((await zvcms.call({ customerId, cardId })).data.useStatus, '0');
  await api.done('POST', `/v1/credentials/${made.id}/revoke`);
  assert.equal((await zvcms.call({ customerId, cardId })).data?.useStatus, undefined);
});
test('what happens here shows at once in another dialect', async () => {
  const customerId = 'seen-by-zvcms', c = await issue({ customer: customerId });
  const zvcms = new Zvcms(server);
  const status = async () => (await zvcms.call({ customerId, cardId: c })).data.useStatus;
  assert.equal(await status(), '0');
  await api.done('POST', `/v1/coupons/${c}/freeze`, {});
  assert.equal(await status(), '2');
  await api.done('POST', `/v1/coupons/${c}/unfreeze`, {});
  await api.done('POST', `/v1/coupons/${c}/redeem`, { order_no: 'z', amount_fen: 5000 });
  assert.equal(await status(), '1');
  await api.done('POST', `/v1/coupons/${c}/reverse`, {});
  assert.equal(await status(), '0');
  await api.done('POST', `/v1/coupons/${c}/recall`, {});
  assert.equal(await status(), '7');
});
test('`couponry sign` prints calls that work', () => {
  const sign = (...args) => cliTry('sign', `--data=${server.dir}`, '--credential=demo-native-key', `--url=${server.url}`, ...args);
  const run = (...args) => JSON.parse(execFileSync('bash', ['-c', sign(...args).stdout], { encoding: 'utf8' }));
  assert.equal(run('--method=coupons.get', '--param=code=11111').code, '11111');
  assert.equal(run('--method=coupons.list', '--param=limit=2', '--param=state=unused').data.length, 2);
  assert.equal(sign('--method=coupons.get').status, 2);
  assert.equal(sign('--method=coupons.nothing').status, 2);
});
