// Campaigns that run, on the wire: rewards, registrations that carry one or wait for approval, suspending, ending, filling.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, cli } from '../js/server.mjs';
import { sleep } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { Provider } from '../js/provider.mjs';
import { Waiqin } from '../js/waiqin.mjs';
import { Wjb } from '../js/wjb.mjs';

const BOX = 'key-of-the-sandbox1';
let server, api, box, waiqin, wjb, provider, serial = 0;
before(async () => {
  provider = await new Provider({ manners: () => 'well', refuses: (nick) => (nick.startsWith('no-') ? 'not for them' : undefined) }).listen();
  server = await Server.start({ args: ['--allow-private-targets'] });
  await server.stop();
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${server.dir}`);
  cli('credential', 'add', `--data=${server.dir}`, '--merchant=2', '--dialect=native', `--id=${BOX}`);
  await server.run();
  api = new Native(server.port);
  box = new Native(server.port, 1, BOX);
  waiqin = new Waiqin(server);
  wjb = new Wjb(server.port);
});
after(async () => {
  api?.close();
  box?.close();
  const status = await server?.stop();
  await server?.close();
  await provider?.close();
  assert.equal(status, 0);
});

const named = (word) => `${word}-${++serial}`;
const phoneOf = (start) => `${start}${String(++serial).padStart(8, '0')}`;
const at = (source, under) => `/v1/campaigns/${source}${under ? `/${under}` : ''}`;
const progress = (source, of = api) => of.ok('GET', at(source, 'progress'));
/** A campaign; its source code. */
async function campaign(members = {}, of = api) {
  const source = named('run');
  await of.ok('PUT', at(source), { name: source, code: 'k', ...members });
  return source;
}
/** The progress, once it is as `want` says. */
async function until(source, want, of = api) {
  for (let i = 0; ; i++) {
    const p = await progress(source, of);
    if (Object.entries(want).every(([k, v]) => p[k] === v)) return p;
    if (i === 200) assert.deepEqual(Object.fromEntries(Object.keys(want).map((k) => [k, p[k]])), want);
    await sleep(50);
  }
}
const refused = (r, status, code, field) => assert.deepEqual([r.status, r.json.code, r.json.field], [status, code, field], r.text);
const couponsOf = async (id, of = api) => (await of.ok('GET', `/v1/customers/${id}/coupons?limit=100`)).data;
async function customer(members = {}, of = api) {
  const id = named('c');
  await of.ok('PUT', `/v1/customers/${id}`, { name: id, ...members });
  return id;
}

test('covered members get their rewards once, and later ones too', async () => {
  const two = await api.template({ limits: { per_customer: 2 } }), one = await api.template();
  const source = await campaign({ rewards: [{ template_id: two, count: 3 }, { template_id: one }] });
  const id = await customer({ nick: named('n') });
  await api.ok('POST', at(source, 'targets'), { customers: [id, { nick: named('n') }, { phone: phoneOf('139') }] });
  const p = await until(source, { invited: 3, sent: 9 });
  assert.deepEqual(p, {
    source_code: source, status: 'online', phase: 'started', covered: 3, invited: 3, registered: 0, awaiting_approval: 0, waiting: 0,
    filling: false, sent: 9, refused: 3, unknown: 0, pending: 0, redeemed: 0,
    refusals: [{ code: 'person_exhausted', title: 'the customer has all coupons of the template that one may have', count: 3 }],
  });
  assert.deepEqual((await couponsOf(id)).map((c) => c.template_id).sort(), [two, two, one].sort());
  const shown = await api.ok('GET', at(source));
  assert.deepEqual([shown.phase, shown.rewards], ['started', [{ template_id: two, count: 3 }, { template_id: one, count: 1 }]]);
  await api.ok('DELETE', at(source, 'targets'));
  await api.ok('POST', at(source, 'targets'), { customers: [id], nicks: undefined });
  await api.ok('POST', at(source, 'targets'), { nicks: [named('n')] });
  await until(source, { covered: 2, invited: 4, sent: 12, waiting: 0 });
  assert.equal((await couponsOf(id)).length, 3);
  refused(await api.call('DELETE', `/v1/templates/${one}`), 409, 'template_in_use', 'template_id');
});

test('rewards that are said after the audience reach it', async () => {
  const source = named('late'), template = await api.template();
  await api.ok('PUT', at(source), { name: source });
  await api.ok('POST', at(source, 'targets'), { nicks: Array.from({ length: 700 }, () => named('n')) });
  await api.ok('PATCH', at(source), { rewards: [{ template_id: template }] });
  await until(source, { covered: 700, invited: 700, sent: 700, waiting: 0, filling: false });
});

test('what is wrong with a plan', async () => {
  const template_id = await api.template();
  const put = (members) => api.call('PUT', at(named('bad')), { name: 'bad', ...members });
  refused(await put({ rewards: [{ template_id: '999999' }] }), 404, 'template_unknown', 'rewards');
  refused(await put({ rewards: [{}] }), 400, 'parameter_missing', 'rewards[0].template_id');
  refused(await put({ rewards: [{ template_id, count: 21 }] }), 400, 'parameter_invalid', 'rewards[0].count');
  refused(await put({ rewards: [{ template_id, counts: 2 }] }), 400, 'parameter_invalid', 'rewards[0].counts');
  refused(await put({ rewards: { template_id } }), 400, 'parameter_invalid', 'rewards');
  refused(await put({ register_rewards: Array.from({ length: 21 }, () => ({ template_id })) }), 400, 'too_many', 'register_rewards');
  refused(await put({ until: '2026-01-01', starts_at: '2026-01-02' }), 400, 'parameter_invalid', 'starts_at');
  refused(await api.call('PATCH', at('nobody'), { rewards: [] }), 404, 'campaign_unknown', 'source_code');
  refused(await api.call('PATCH', at(await campaign()), { name: null }), 400, 'parameter_invalid', 'name');
  refused(await api.call('PATCH', at(await campaign()), { source_code: 'x' }), 400, 'parameter_invalid', 'source_code');
  for (const verb of ['suspend', 'resume', 'end']) {
    refused(await api.call('POST', at('nobody', verb)), 404, 'campaign_unknown', 'source_code');
    refused(await api.call('POST', at('nobody', verb), { x: 1 }), 400, 'parameter_invalid', 'x');
  }
  refused(await api.call('GET', at('nobody', 'progress')), 404, 'campaign_unknown', 'source_code');
});

test('a patch changes what it says, and null takes away', async () => {
  const template_id = await api.template();
  const source = await campaign({ rewards: [{ template_id }], approval: true, information: 'long', starts_at: '2099-01-01T00:00:00+08:00' });
  await api.ok('PATCH', at(source), { information: null, starts_at: '2098-01-01T00:00:00+08:00', until: '2099-01-01' });
  let c = await api.ok('GET', at(source));
  assert.deepEqual([c.phase, c.information, c.starts_at, c.approval, c.rewards.length], ['waiting', undefined, '2098-01-01T00:00:00+08:00', true, 1]);
  await api.ok('PUT', at(source), { name: 'other', until: '2099-01-01' });
  c = await api.ok('GET', at(source));
  assert.deepEqual([c.name, c.starts_at, c.approval, c.rewards.length], ['other', '2098-01-01T00:00:00+08:00', true, 1]);
  await api.ok('PATCH', at(source), { rewards: null, approval: false });
  c = await api.ok('GET', at(source));
  assert.deepEqual([c.rewards, c.approval], [undefined, undefined]);
  const number = named('no');
  const first = await api.call('PATCH', at(source), { name: 'third' }, { number });
  await api.ok('PUT', at(source), { name: 'fourth' });
  assert.equal((await api.call('PATCH', at(source), { name: 'third' }, { number })).text, first.text);
  assert.equal((await api.ok('GET', at(source))).name, 'fourth');
});

test('suspended: nothing goes out; every dialect says so; resumed: on where it stopped', async () => {
  const template_id = await api.template();
  const source = await campaign({ rewards: [{ template_id }] });
  await api.ok('POST', at(source, 'targets'), { nicks: [named('n')] });
  await until(source, { sent: 1 });
  assert.deepEqual(await api.ok('POST', at(source, 'suspend')), { source_code: source, status: 'stopped' });
  assert.deepEqual(await api.ok('POST', at(source, 'suspend')), { source_code: source, status: 'stopped' });
  await api.ok('POST', at(source, 'targets'), { nicks: [named('n'), named('n')] });
  await sleep(400);
  const p = await progress(source);
  assert.deepEqual([p.status, p.phase, p.sent, p.waiting], ['stopped', 'started', 1, 2]);
  assert.equal(String((await waiqin.query({ activity_source_code: source }))[0].event_status), '2');
  await api.ok('POST', at(source, 'resume'));
  await until(source, { sent: 3, waiting: 0, status: 'online' });
  assert.equal(String((await waiqin.query({ activity_source_code: source }))[0].event_status), '1');
  assert.deepEqual(await api.ok('POST', at(source, 'end')), { source_code: source, status: 'ended' });
  assert.equal(String((await waiqin.query({ activity_source_code: source }))[0].event_status), '3');
  refused(await api.call('POST', at(source, 'resume')), 409, 'campaign_ended', 'source_code');
  await api.ok('POST', at(source, 'targets'), { nicks: [named('n')] });
  await sleep(200);
  assert.deepEqual((({ sent, waiting, phase }) => [sent, waiting, phase])(await progress(source)), [3, 1, 'ended']);
  refused(await api.call('POST', at(source, 'fill'), { from_campaign: source }), 409, 'campaign_ended', 'source_code');
});

test('one that WangJuBao made runs with rewards of the native API, and is stopped by WangJuBao', async () => {
  const template_id = await api.template();
  const { activity_id } = await wjb.ok('wjb.ump.activity.add', { activity: { name: 'theirs', prizes: [{ coupon_id: template_id, count: 1 }] } });
  const source = `wjb-${activity_id}`;
  await wjb.ok('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: [named('n')] } });
  await sleep(200);
  assert.deepEqual((({ phase, sent, covered }) => [phase, sent, covered])(await progress(source)), [undefined, 0, 1]);
  await api.ok('PATCH', at(source), { rewards: [{ template_id }] });
  await until(source, { sent: 1 });
  await wjb.ok('wjb.ump.activity.modify', { activity: { activity_id, status: 2 } });
  await wjb.ok('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: [named('n')] } });
  await sleep(200);
  assert.equal((await progress(source)).sent, 1);
  await api.ok('POST', at(source, 'resume'));
  await until(source, { sent: 2 });
});

test('its time: by the merchant\'s clock it starts, and ends by itself', async () => {
  const template_id = await box.template({}), day = 24 * 3600;
  const today = (await box.ok('GET', '/v1/merchant')).time, from = new Date(today);
  const date = (days) => new Date(from.getTime() + (days * day + 8 * 3600) * 1000).toISOString().slice(0, 10);
  const source = await campaign({ rewards: [{ template_id }], from: date(1), until: date(3), starts_at: `${date(2)}T00:00:00+08:00` }, box);
  await box.ok('POST', at(source, 'targets'), { nicks: ['a', 'b'] });
  await sleep(200);
  assert.deepEqual((({ phase, sent, waiting }) => [phase, sent, waiting])(await progress(source, box)), ['waiting', 0, 2]);
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 2 * day });
  await until(source, { phase: 'started', sent: 2, invited: 2 }, box);
  await box.ok('POST', '/v1/merchant/clock', { advance_seconds: 2 * day });
  const p = await until(source, { phase: 'ended' }, box);
  assert.equal(p.status, 'ended');
  await box.ok('POST', at(source, 'targets'), { nicks: ['c'] });
  await sleep(200);
  assert.equal((await progress(source, box)).sent, 2);
  // its end is moved: it goes on
  await box.ok('PATCH', at(source), { status: 'online', until: date(9) });
  await until(source, { phase: 'started', sent: 3 }, box);
});

test('registrations wait for approval, and carry a reward', async () => {
  const template_id = await api.template();
  const source = await campaign({ approval: true, register_rewards: [{ template_id, count: 1 }] });
  const [a, b, c] = [await customer(), await customer(), await customer()];
  const reply = await waiqin.call('applyCallBack', { source_code: named('s'), campaign_source_code: source, campaign_code: 'k', cm_ids: `${a},${b}`, registered_time: '2026-01-01 10:00:00', merchant_information: 'hello' });
  assert.equal(reply.return_code, 0, JSON.stringify(reply));
  await api.ok('POST', at(source, 'registrations'), { customers: [c], registered_at: '2026-01-01T10:00:00+08:00' });
  await until(source, { awaiting_approval: 3, registered: 0 });
  const { data } = await api.ok('GET', `${at(source, 'audience')}?mark=pending`);
  assert.deepEqual(data.map((m) => [m.customer_id, m.pending, m.registered, m.information]), [[a, true, false, 'hello'], [b, true, false, 'hello'], [c, true, false, undefined]]);
  assert.deepEqual((await waiqin.query({ activity_source_code: source }))[0].registered_customer, []);
  const approve = (body) => api.call('POST', at(source, 'approvals'), body);
  refused(await approve({ customers: [a] }), 400, 'parameter_missing', 'approve');
  refused(await approve({ customers: [], approve: true }), 400, 'parameter_missing', 'customers');
  refused(await approve({ customers: ['nobody'], approve: true }), 404, 'customer_unknown', 'customers');
  assert.deepEqual((await approve({ customers: [a, c], approve: true })).json, { source_code: source, changed: 2 });
  assert.deepEqual((await approve({ customers: [a, c], approve: true })).json, { source_code: source, changed: 0 });
  assert.deepEqual((await approve({ customers: [b], approve: false })).json, { source_code: source, changed: 1 });
  await until(source, { awaiting_approval: 0, registered: 2, sent: 2 });
  assert.equal((await couponsOf(a)).length, 1);
  assert.equal((await couponsOf(b)).length, 0);
});

test('redeemed, and given back', async () => {
  const template_id = await api.template(), id = await customer();
  const source = await campaign({ rewards: [{ template_id }] });
  await api.ok('POST', at(source, 'targets'), { customers: [id] });
  await until(source, { sent: 1 });
  const [{ code }] = await couponsOf(id);
  await api.ok('POST', `/v1/coupons/${code}/redeem`, { amount_fen: 5000 });
  await until(source, { redeemed: 1 });
  await api.ok('POST', `/v1/coupons/${code}/reverse`, {});
  await until(source, { redeemed: 0, sent: 1 });
  // who has redeemed is another campaign's audience
  const other = await campaign({ rewards: [{ template_id: await api.template() }] });
  assert.equal((await api.call('POST', at(other, 'fill'), { from_campaign: source, mark: 'redeemed' })).status, 202);
  await until(other, { covered: 1, sent: 1, filling: false });
  assert.equal((await couponsOf(id)).length, 2);
});

test('an audience from elsewhere', async () => {
  const template_id = await api.template(), day = '2026-01-01';
  const from = await campaign(), into = await campaign({ rewards: [{ template_id }] });
  await api.ok('POST', at(from, 'targets'), { nicks: Array.from({ length: 300 }, () => named('n')) });
  await api.ok('POST', at(into, 'fill'), { from_campaign: from });
  await until(into, { covered: 300, sent: 300, filling: false });
  const fill = (body) => api.call('POST', at(into, 'fill'), body);
  refused(await fill({}), 400, 'parameter_missing', 'from_campaign');
  refused(await fill({ from_campaign: 'nobody' }), 404, 'campaign_unknown', 'from_campaign');
  refused(await fill({ from_campaign: from, customers: {} }), 400, 'parameter_invalid', 'customers');
  refused(await fill({ from_campaign: from, mark: 'pending' }), 400, 'parameter_invalid', 'mark');
  refused(await fill({ customers: { has_beard: true } }), 400, 'parameter_invalid', 'customers.has_beard');
  refused(await fill({ customers: { has_unused_coupon: true } }), 400, 'parameter_missing', 'customers.template_id');
  refused(await fill({ customers: { template_id: '999999' } }), 404, 'template_unknown', 'template_id');
  const phone = phoneOf('138'), id = await customer({ phone, card_no: named('card') });
  const some = await campaign({ rewards: [{ template_id: await api.template() }] });
  await api.ok('POST', at(some, 'fill'), { customers: { has_card_no: true, has_nick: false, created_from: day } });
  await until(some, { filling: false, waiting: 0 });
  const { data } = await api.ok('GET', `${at(some, 'audience')}?limit=100`);
  assert.ok(data.some((m) => m.customer_id === id));
  assert.ok(data.every((m) => !m.nick));
  const none = await campaign();
  await api.ok('POST', at(none, 'fill'), { customers: { template_id, created_from: day, has_unused_coupon: true } });
  await until(none, { covered: 300, filling: false });
});

test('targets: nicks or customers', async () => {
  const source = await campaign();
  const add = (body) => api.call('POST', at(source, 'targets'), body);
  refused(await add({}), 400, 'parameter_missing', 'nicks');
  refused(await add({ customers: [] }), 400, 'parameter_missing', 'customers');
  refused(await add({ nicks: ['a'], customers: ['b'] }), 400, 'parameter_invalid', 'customers');
  refused(await add({ customers: [{}] }), 400, 'parameter_missing', 'customers[0]');
  const phone = phoneOf('137'), nick = named('n');
  await api.ok('POST', at(source, 'targets'), { customers: [{ phone, nick }, { nick }, { phone }] });
  assert.equal((await progress(source)).covered, 1);
});

test('rewards that a provider sends', async () => {
  const template_id = await api.template({ provider: provider.endpoint });
  const source = await campaign({ rewards: [{ template_id, count: 2 }] });
  const nicks = [...Array.from({ length: 70 }, () => named('n')), ...Array.from({ length: 5 }, () => named('no'))];
  await api.ok('POST', at(source, 'targets'), { nicks });
  await api.ok('POST', at(source, 'targets'), { customers: [await customer()] });
  const p = await until(source, { invited: 76, pending: 0, waiting: 0 });
  assert.deepEqual([p.sent, p.refused, p.unknown], [140, 12, 0]);
  assert.deepEqual(p.refusals.map((r) => [r.code, r.count]), [['parameter_missing', 2]]);
});
