// Webhooks as a merchant manages them: every method, its repeats and refusals. What reaches a receiver is in test/e2e.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { csvObjects } from '../js/e2e.mjs';
import { Server, cli } from '../js/server.mjs';
import { Native, fresh } from '../js/native.mjs';

let server, api, open = [];
const url = 'https://shop.example.com/in';
const refused = (r, status, code, field, value) => assert.deepEqual([r.status, r.json?.code, r.json?.field, r.json?.value], [status, code, field, value], r.text);
const make = (members = {}, options) => api.ok('POST', '/v1/webhooks', { url, ...members }, options);
const sweep = async () => {
  for (const w of (await api.ok('GET', '/v1/webhooks')).data) await api.ok('DELETE', `/v1/webhooks/${w.id}`);
};

before(async () => {
  server = await Server.start({ args: ['--courier=false'] });
  await server.stop();
  cli('credential', 'add', `--data=${server.dir}`, '--merchant=1', '--dialect=native', '--id=key-of-the-manager', '--scopes=read,issue,redeem,manage');
  await server.run();
  api = new Native(server.port);
});
after(async () => {
  for (const a of [api, ...open]) a?.close();
  await server?.close();
});

test('make, get, list: the secret is shown once', async () => {
  await sweep();
  const w = await make({ events: ['coupon.redeemed', 'template.limit'], label: 'till' });
  assert.deepEqual(Object.keys(w), ['id', 'url', 'events', 'label', 'secret', 'created_at']);
  assert.match(w.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(Buffer.from(w.secret.slice(6), 'base64').length, 32);
  const { secret, ...shown } = w;
  assert.deepEqual(await api.ok('GET', `/v1/webhooks/${w.id}`), shown);
  assert.deepEqual((await api.ok('GET', '/v1/webhooks')).data, [shown]);
  assert.notEqual((await make()).secret, secret);
  const all = await make({ events: ['*'] });
  assert.deepEqual([all.events, (await make({ events: [] })).events, (await make({ events: null })).events], [['*'], ['*'], ['*']]);
  const page = await api.ok('GET', '/v1/webhooks?limit=2');
  assert.equal(page.data.length, 2);
  assert.equal((await api.ok('GET', `/v1/webhooks?limit=2&cursor=${page.next_cursor}`)).data.length, 2);
});

test('an operator can export them, without their secrets; a job cannot', async () => {
  await sweep();
  const some = await make({ events: ['coupon.redeemed', 'template.limit'], label: 'till, "upstairs"' });
  const all = await make();
  const csv = csvObjects(cli('export', 'webhooks', `--data=${server.dir}`, '--merchant=1'));
  const day = (at) => at.slice(0, 19).replace('T', ' ');
  assert.deepEqual(csv.map((r) => ({ ...r })), [[some, 'coupon.redeemed template.limit'], [all, '*']].map(([w, events]) => ({
    webhook_id: w.id, url, events, label: w.label ?? '', created_at: day(w.created_at), failing_since: '', suspended_at: '',
  })));
  const lines = cli('export', 'webhooks', '--format=ndjson', `--data=${server.dir}`, '--merchant=1').trim().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(lines[1], { webhook_id: all.id, url, events: '*', created_at: day(all.created_at) });
  assert.throws(() => cli('export', 'webhooks', '--follow', `--data=${server.dir}`, '--merchant=1'), /webhooks cannot be followed/);
  assert.throws(() => cli('import', 'webhooks', '/dev/null', `--data=${server.dir}`, '--merchant=1'), /there is no kind/);
  refused(await api.post('/v1/jobs', { kind: 'export', resource: 'webhooks' }), 400, 'parameter_invalid', 'resource');
});

test('a repeat gets the first secret, whatever has become of the webhook', async () => {
  await sweep();
  const number = fresh();
  const first = await make({ label: 'a' }, { number });
  assert.deepEqual(await make({ label: 'a' }, { number }), first);
  refused(await api.post('/v1/webhooks', { url, label: 'b' }, { number }), 422, 'request_reused', 'request_no');
  const turn = fresh();
  const rotated = await api.ok('POST', `/v1/webhooks/${first.id}/rotate`, {}, { number: turn });
  assert.notEqual(rotated.secret, first.secret);
  assert.deepEqual(await api.ok('POST', `/v1/webhooks/${first.id}/rotate`, {}, { number: turn }), rotated);
  assert.deepEqual(await make({ label: 'a' }, { number }), first);
  await api.ok('DELETE', `/v1/webhooks/${first.id}`);
  assert.deepEqual(await make({ label: 'a' }, { number }), first);
  assert.deepEqual((await api.ok('GET', '/v1/webhooks')).data, []);
});

test('addresses that may be called', async () => {
  await sweep();
  for (const bad of ['http://shop.example.com/', 'https://127.0.0.1/', 'https://localhost/', 'https://[::1]/', 'https://10.0.0.1/x', 'https://user:pw@shop.example.com/', 'ftp://shop.example.com/', 'shop.example.com', 'https://shop.example.com/#x']) {
    const r = await api.post('/v1/webhooks', { url: bad });
    assert.deepEqual([r.status, r.json.code, r.json.field], [422, 'target_refused', 'url'], bad);
    assert.ok(r.json.value.length > 5 && !r.json.value.includes('pw'), r.text);
  }
  const w = await make();
  assert.equal((await api.call('PATCH', `/v1/webhooks/${w.id}`, { url: 'https://127.0.0.1/' })).json.code, 'target_refused');
  assert.equal((await api.post('/v1/webhooks', { url: `https://shop.example.com/${'x'.repeat(2000)}` })).status, 400);
  refused(await api.post('/v1/webhooks', {}), 400, 'parameter_missing', 'url');
  refused(await api.post('/v1/webhooks', { url, events: ['coupon.eaten'] }), 400, 'parameter_invalid', 'events[0]');
  refused(await api.post('/v1/webhooks', { url, secret: 'whsec_mine' }), 400, 'parameter_invalid', 'secret');
});

test('change: the members that are given', async () => {
  await sweep();
  const { secret, ...w } = await make({ label: 'a', events: ['coupon.issued'] });
  assert.deepEqual(await api.ok('PATCH', `/v1/webhooks/${w.id}`, { label: 'b' }), { id: w.id });
  assert.deepEqual(await api.ok('GET', `/v1/webhooks/${w.id}`), { ...w, label: 'b' });
  await api.ok('PATCH', `/v1/webhooks/${w.id}`, { events: null, label: null, url: `${url}/2` });
  const { label, ...unnamed } = w;
  assert.deepEqual(await api.ok('GET', `/v1/webhooks/${w.id}`), { ...unnamed, events: ['*'], url: `${url}/2` });
  refused(await api.call('PATCH', `/v1/webhooks/${w.id}`, { url: null }), 400, 'parameter_invalid', 'url');
  refused(await api.call('PATCH', '/v1/webhooks/999999', { label: 'b' }), 404, 'webhook_unknown', 'id');
  refused(await api.call('PATCH', '/v1/webhooks/none', { label: 'b' }), 404, 'webhook_unknown', 'webhook_id');
});

test('rotate: the old secret for a day, or as long as is said', async () => {
  await sweep();
  const w = await make();
  const day = await api.ok('POST', `/v1/webhooks/${w.id}/rotate`);
  const ahead = (t) => Math.round((Date.parse(t) - Date.now()) / 1000 / 60);
  assert.equal(ahead(day.old_secret_until), 24 * 60);
  assert.equal(ahead((await api.ok('POST', `/v1/webhooks/${w.id}/rotate`, { old_secret_seconds: 600 })).old_secret_until), 10);
  assert.equal((await api.ok('POST', `/v1/webhooks/${w.id}/rotate`, { old_secret_seconds: 0 })).old_secret_until, undefined);
  assert.equal((await api.post(`/v1/webhooks/${w.id}/rotate`, { old_secret_seconds: 1e7 })).json.code, 'parameter_invalid');
  refused(await api.post('/v1/webhooks/999999/rotate'), 404, 'webhook_unknown', 'id');
});

test('the log, resend, resume, delete', async () => {
  await sweep();
  const w = await make({ events: ['coupon.issued', 'coupon.redeemed'] });
  const template_id = await api.template();
  const [code] = await api.codes(template_id, 1);
  await api.ok('POST', `/v1/coupons/${code}/freeze`);
  await api.ok('POST', `/v1/coupons/${code}/unfreeze`);
  await api.ok('POST', `/v1/coupons/${code}/redeem`, { order_no: fresh(), amount_fen: 5000 });
  const log = (await api.ok('GET', `/v1/webhooks/${w.id}/deliveries`)).data;
  assert.deepEqual(log.map((d) => [d.type, d.state, d.tries, Object.keys(d).length]), [['coupon.redeemed', 'waiting', 0, 5], ['coupon.issued', 'waiting', 0, 5]]);
  assert.match(log[0].event_id, /^evt_1\d{17}$/);
  const page = await api.ok('GET', `/v1/webhooks/${w.id}/deliveries?limit=1`);
  assert.deepEqual(page.data, [log[0]]);
  await api.ok('POST', '/v1/coupons', { template_id }); // what comes in meanwhile moves nothing
  assert.deepEqual((await api.ok('GET', `/v1/webhooks/${w.id}/deliveries?limit=1&cursor=${page.next_cursor}`)).data, [log[1]]);
  assert.deepEqual((await api.ok('GET', `/v1/webhooks/${w.id}/deliveries?state=delivered`)).data, []);
  assert.equal((await api.ok('GET', `/v1/webhooks/${w.id}/deliveries?state=waiting`)).data.length, 3);
  assert.deepEqual(await api.ok('POST', `/v1/webhooks/${w.id}/resend`, { event_id: log[1].event_id }), { id: w.id, event_id: log[1].event_id });
  refused(await api.post(`/v1/webhooks/${w.id}/resend`, { event_id: 'evt_123' }), 404, 'delivery_unknown', 'event_id');
  refused(await api.post(`/v1/webhooks/${w.id}/resend`, { event_id: 'evt_100000000000000001' }), 404, 'delivery_unknown', 'event_id');
  refused(await api.post(`/v1/webhooks/${w.id}/resend`), 400, 'parameter_missing', 'event_id');
  assert.deepEqual(await api.ok('POST', `/v1/webhooks/${w.id}/resume`), { id: w.id });
  const number = fresh();
  assert.deepEqual(await api.ok('DELETE', `/v1/webhooks/${w.id}`, undefined, { number }), { deleted: true });
  assert.deepEqual(await api.ok('DELETE', `/v1/webhooks/${w.id}`, undefined, { number }), { deleted: true });
  for (const [method, path] of [['GET', ''], ['DELETE', ''], ['POST', '/resume'], ['GET', '/deliveries']]) refused(await api.call(method, `/v1/webhooks/${w.id}${path}`), 404, 'webhook_unknown', 'id');
});

test('as many as a merchant may have', async () => {
  await sweep();
  for (let i = 0; i < 16; i++) await make();
  refused(await api.post('/v1/webhooks', { url }), 409, 'limit_reached', 'webhooks');
  await sweep();
  await make();
});

test('only for administrators', async () => {
  const manager = new Native(server.port, 1, 'key-of-the-manager');
  open.push(manager);
  for (const [method, path] of [['GET', '/v1/webhooks'], ['POST', '/v1/webhooks'], ['GET', '/v1/webhooks/1'], ['GET', '/v1/webhooks/1/deliveries'], ['POST', '/v1/webhooks/1/rotate']])
    refused(await manager.call(method, path), 403, 'scope_missing');
});

test('nobody listens: nothing is kept', async () => {
  await sweep();
  const template_id = await api.template();
  await api.codes(template_id, 3);
  const w = await make();
  assert.deepEqual((await api.ok('GET', `/v1/webhooks/${w.id}/deliveries`)).data, []);
});
