// Templates of providers on the wire: what may be said, what is shown, and what becomes of promises.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, cli } from '../js/server.mjs';
import { Native, fresh } from '../js/native.mjs';
import { Provider } from '../js/provider.mjs';
import { sleep, until } from '../js/e2e.mjs';
import { Wjb } from '../js/wjb.mjs';

let server, api, box, provider;
const manners = { now: 'well' };
before(async () => {
  provider = await new Provider({ manners: () => manners.now, refuses: (nick) => (nick.startsWith('no-') ? `not for ${nick.slice(0, 2)}` : undefined) }).listen();
  server = await Server.start({ args: ['--allow-private-targets'] });
  await server.stop();
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${server.dir}`);
  cli('credential', 'add', `--data=${server.dir}`, '--merchant=2', '--dialect=native', '--id=key-of-the-sandbox1');
  await server.run();
  api = new Native(server.port);
  box = new Native(server.port, 1, 'key-of-the-sandbox1');
});
after(async () => {
  api?.close();
  box?.close();
  const status = await server?.stop();
  await server?.close();
  await provider?.close();
  assert.equal(status, 0);
  assert.deepEqual(provider.wrong, []);
});

const theirs = (of, more = {}) => of.template({ provider: provider.endpoint, ...more });
const promise = (of, template_id, nicks, more = {}) => of.ok('POST', '/v1/coupons', { template_id, customers: nicks.map((nick) => ({ nick })), ...more });
const coupon = (of, code) => of.ok('GET', `/v1/coupons/${code}`);
const settled = (of, code) => until(async () => (await coupon(of, code)).delivery.state !== 'pending', 8000, 'an answer');
const refused = (r, status, code, field) => assert.deepEqual([r.status, r.json.code, r.json.field], [status, code, field], r.text);

test('a provider is said, shown without its secrets, changed and taken away', async () => {
  const { url, app_key } = provider.endpoint;
  const made = await api.ok('POST', '/v1/templates', { name: 'a', amount_fen: 1, provider: provider.endpoint });
  assert.deepEqual(made.provider, { url, app_key });
  const path = `/v1/templates/${made.template_id}`;
  assert.deepEqual((await api.ok('GET', path)).provider, { url, app_key });
  const all = await api.ok('GET', '/v1/templates?limit=100');
  assert.deepEqual(all.data.find((t) => t.template_id === made.template_id).provider, { url, app_key });
  assert.ok(!JSON.stringify([made, all]).includes(provider.credential.secret));
  assert.equal((await api.ok('PATCH', path, { provider: { secret: 'another' } })).revision, 0);
  assert.equal((await api.ok('PATCH', path, { provider: { secret: provider.credential.secret } })).revision, 0);
  assert.equal((await api.ok('PATCH', path, { provider: null })).revision, 1);
  assert.equal((await api.ok('GET', path)).provider, undefined);
  assert.equal((await api.ok('PATCH', path, { provider: { url, app_key } })).revision, 2);
  const shown = (await api.ok('GET', '/v1/providers')).data;
  assert.equal(shown.length, 1);
  assert.equal(shown[0].state, 'closed');
  assert.ok(!JSON.stringify(shown).includes(provider.credential.secret));
});

test('what may not be said', async () => {
  const make = (p) => api.post('/v1/templates', { name: 'a', amount_fen: 1, provider: p });
  const good = provider.endpoint;
  refused(await make({}), 400, 'parameter_missing', 'provider.url');
  refused(await make({ url: 'https://new.example.com/x' }), 400, 'parameter_missing', 'provider.app_key');
  refused(await make({ url: 'https://new.example.com/x', app_key: '1' }), 400, 'parameter_missing', 'provider.secret');
  refused(await make({ ...good, url: 'ftp://new.example.com/x' }), 422, 'target_refused', 'provider.url');
  refused(await make({ ...good, url: 'https://new.example.com/x?shop=1' }), 422, 'target_refused', 'provider.url');
  refused(await make({ ...good, url: 'https://me:pass@new.example.com/' }), 422, 'target_refused', 'provider.url');
  refused(await make({ ...good, secrets: 'x' }), 400, 'parameter_invalid', 'provider.secrets');
  refused(await make('x'), 400, 'parameter_invalid', 'provider');
  const template_id = await theirs(api);
  refused(await api.post('/v1/coupons', { template_id, customers: [{ nick: 'a' }], hold: true }), 400, 'parameter_invalid', 'hold');
  refused(await api.post('/v1/coupons', { template_id, customer: { nick: 'a' }, code: 'mine' }), 400, 'parameter_invalid', 'codes');
  refused(await api.post('/v1/coupons', { template_id, count: 2 }), 400, 'parameter_missing', 'customers');
  refused(await api.post('/v1/coupons', { template_id, customer: { phone: '18600000001' } }), 400, 'parameter_invalid', 'customer');
  // a promise is no coupon to answer an SPI call with
  const spi = await new Wjb(server.port).call('x', { coupon_id: Number(template_id), buyer_nicks: ['a'] }, { path: '/spi/wjb/coupon/provide' });
  assert.equal(spi.json.response.code, 41);
});

test('without --allow-private-targets loopback is no target', async () => {
  const strict = await Server.start();
  const of = new Native(strict.port);
  refused(await of.post('/v1/templates', { name: 'a', amount_fen: 1, provider: provider.endpoint }), 422, 'target_refused', 'provider.url');
  of.close();
  await strict.close();
});

test('sent and refused, each told of its own; the first code leads to it as well as the provider\'s', async () => {
  const template_id = await theirs(api, { limits: { total: 3, per_customer: 1 } });
  const body = { template_id, customers: [{ nick: 'yes-1' }, { nick: 'no-1' }, { phone: '18600000002' }], reason: 'spring' };
  const number = fresh();
  const first = await api.call('POST', '/v1/coupons', body, { number });
  assert.equal(first.status, 201, first.text);
  const [yes, no, nobody] = first.json.coupons;
  assert.deepEqual([yes.state, yes.delivery, no.delivery, nobody.error.code, first.json.issued], ['frozen', 'pending', 'pending', 'parameter_invalid', 2]);
  await settled(api, yes.code);
  await settled(api, no.code);
  const sent = await coupon(api, yes.code);
  const issued = provider.issued().get('yes-1');
  assert.equal(issued.length, 1);
  assert.deepEqual([sent.code, sent.state, sent.delivery.state], [issued[0].number, 'unused', 'sent']);
  assert.deepEqual(sent.events.map((e) => [e.kind, e.operator]), [['held', undefined], ['confirmed', 'provider']]);
  assert.equal((await coupon(api, issued[0].number)).id, yes.id);
  const not = await coupon(api, no.code);
  assert.deepEqual([not.state, not.delivery.state, not.delivery.reason], ['recalled', 'refused', 'not for no']);
  assert.equal((await api.ok('GET', `/v1/templates/${template_id}`)).usage.issued, 1);
  const errand = await api.ok('GET', `/v1/errands/${sent.delivery.errand_id}`);
  assert.deepEqual([errand.state, errand.sent, errand.refused, errand.tries], ['done', 1, 1, 0]);
  assert.equal(errand.request_id, issued[0].request_id);
  assert.deepEqual(errand.coupons.map((c) => [c.code, c.delivery]), [[sent.code, 'sent'], [no.code, 'refused']]);
  // the repeat gets the first answer
  const again = await api.call('POST', '/v1/coupons', body, { number });
  assert.equal(again.text, first.text);
  // it can be used under either code
  assert.equal((await api.ok('POST', `/v1/coupons/${yes.code}/redeem`, { amount_fen: 5000 })).code, sent.code);
});

test('calls of at most fifty, each customer once in each', async () => {
  const template_id = await theirs(api);
  const nicks = Array.from({ length: 101 }, (_, i) => `many-${i}`);
  const before = provider.calls.length;
  const answer = await promise(api, template_id, nicks, { count: 2 });
  assert.equal(answer.issued, 202);
  for (const c of [answer.coupons[0], answer.coupons.at(-1)]) await settled(api, c.code);
  await until(async () => (await api.ok('GET', '/v1/providers')).data.every((p) => p.waiting === 0), 8000, 'the last errand');
  const calls = provider.calls.slice(before);
  assert.deepEqual(calls.map((c) => c.nicks.length).sort((a, b) => a - b), [1, 1, 50, 50, 50, 50]);
  assert.equal(new Set(calls.map((c) => c.request_id)).size, 6);
  for (const nick of nicks) assert.equal(provider.issued().get(nick).length, 2);
});

test('what nobody answers ends on the list of the unknown, and is asked again or decided by hand', async () => {
  manners.now = 'status_500';
  const template_id = await theirs(box);
  const { coupons } = await promise(box, template_id, ['u-1', 'u-2', 'u-3']);
  const unknown = async () => (await box.ok('GET', '/v1/errands?state=unknown')).data;
  await until(async () => {
    await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 900 });
    await sleep(200);
    return (await unknown()).length === 1;
  }, 60000, 'the end of tries');
  const mine = provider.calls.filter((c) => c.nicks[0] === 'u-1');
  assert.equal(mine.length, 12);
  assert.equal(new Set(mine.map((c) => c.request_id + c.body)).size, 1);
  const [errand] = await unknown();
  assert.deepEqual([errand.state, errand.unknown, errand.trouble, errand.tries], ['unknown', 3, 'HTTP status 500', 12]);
  let metrics;
  const counted = (name) => Number(new RegExp(`^couponry_errands_${name} (\\S+)$`, 'm').exec(metrics)[1]);
  await until(async () => {
    metrics = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    return counted('waiting') === 0;
  }, 5000, 'what waits');
  assert.deepEqual([counted('oldest_seconds'), counted('total\\{outcome="doubtful"\\}')], [0, 12]);
  assert.ok(counted('total\\{outcome="answered"\\}') >= 6);
  const held = await coupon(box, coupons[0].code);
  assert.deepEqual([held.state, held.held, held.delivery], ['frozen', true, { state: 'unknown', reason: 'HTTP status 500', errand_id: errand.errand_id }]);
  assert.equal((await box.ok('GET', '/v1/providers')).data[0].failures >= 5, true);
  // by hand
  await box.ok('POST', `/v1/coupons/${coupons[0].code}/confirm`, { operator: 'anna' });
  await box.ok('POST', `/v1/coupons/${coupons[1].code}/release`, { reason: 'they say no' });
  assert.deepEqual((await coupon(box, coupons[0].code)).delivery.state, 'sent');
  assert.deepEqual((await coupon(box, coupons[1].code)).delivery, { state: 'refused', reason: 'they say no', errand_id: errand.errand_id });
  // .. and again
  manners.now = 'well';
  const number = fresh();
  const asked = await box.call('POST', `/v1/errands/${errand.errand_id}/ask`, {}, { number });
  assert.deepEqual(asked.json, { errand_id: errand.errand_id });
  assert.equal((await box.call('POST', `/v1/errands/${errand.errand_id}/ask`, {}, { number })).text, asked.text);
  await until(async () => {
    await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 600 });
    await sleep(200);
    return (await coupon(box, coupons[2].code)).delivery.state !== 'pending';
  }, 20000, 'an answer');
  assert.equal((await coupon(box, coupons[2].code)).delivery.state, 'sent');
  assert.equal((await unknown()).length, 0);
  const done = await box.ok('GET', `/v1/errands/${errand.errand_id}`);
  assert.deepEqual([done.state, done.sent, done.refused], ['done', 2, 1]);
  assert.match(done.trouble, /otherwise/); // the one that was released by hand was sent
  assert.equal(provider.calls.at(-1).request_id, errand.request_id);
  refused(await box.post('/v1/errands/100000000000000001/ask'), 404, 'errand_unknown', 'errand_id');
  refused(await box.call('GET', '/v1/errands/nothing'), 404, 'errand_unknown', 'errand_id');
  // another merchant's
  refused(await api.call('GET', `/v1/errands/${errand.errand_id}`), 404, 'errand_unknown', 'errand_id');
});
