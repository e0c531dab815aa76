// The last coupon: many connections at once, and a server that is killed in the middle. ROUNDS=n rounds of the first test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from '../js/server.mjs';
import { sleep, verify } from '../js/e2e.mjs';
import { fresh, Native } from '../js/native.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const TOTAL = 1000, ASKED = 5000, SOCKETS = 64;

let server, many;
before(async () => {
  server = await Server.start({ args: ['--log-calls=false'] });
  many = new Native(server.port, SOCKETS);
});
after(async () => {
  many?.close();
  if (!server) return;
  await server.stop();
  await verify(server.dir);
  await server.close();
});
const reconnect = () => {
  many.close();
  many = new Native(server.port, SOCKETS);
};
const wins = (replies) => replies.filter((r) => r.status === 200 || r.status === 201);

test(`one coupon, ${SOCKETS} tills at once, ${ROUNDS} rounds: exactly one success`, async () => {
  const codes = await many.codes(await many.template(), ROUNDS);
  for (const code of codes) {
    const replies = await Promise.all(Array.from({ length: SOCKETS }, (_, i) => many.post(`/v1/coupons/${code}/redeem`, { order_no: `${code}-${i}`, shop: '01', amount_fen: 5000 })));
    assert.equal(wins(replies).length, 1, replies.map((r) => r.status).join());
    for (const r of replies) if (r.status !== 200) assert.equal(r.json.code, 'coupon_redeemed', r.text);
    const shown = await many.ok('GET', `/v1/coupons/${code}`);
    assert.equal(shown.state, 'redeemed');
    assert.equal(shown.used, 1);
  }
});

test('the same request number on all of them: one redemption, one answer', async () => {
  const [code] = await many.codes(await many.template(), 1);
  const number = fresh();
  const replies = await Promise.all(Array.from({ length: SOCKETS }, () => many.post(`/v1/coupons/${code}/redeem`, { order_no: 'o', shop: '01', amount_fen: 5000 }, { number })));
  assert.equal(new Set(replies.map((r) => r.text)).size, 1);
  assert.equal(replies[0].status, 200, replies[0].text);
  const other = await many.post(`/v1/coupons/${code}/redeem`, { order_no: 'o', shop: '02', amount_fen: 5000 }, { number });
  assert.equal(other.status, 422, other.text);
  assert.equal(other.json.code, 'request_reused');
});

test(`the last of a limit of ${TOTAL} among ${ASKED} requests`, async () => {
  const template_id = await many.template({ limits: { total: TOTAL } });
  const replies = await Promise.all(Array.from({ length: ASKED }, (_, i) => many.post('/v1/coupons', { template_id, customer: { nick: `last-${i}` } })));
  const won = wins(replies);
  assert.equal(won.length, TOTAL);
  assert.equal(new Set(won.map((r) => r.json.coupons[0].code)).size, TOTAL);
  for (const r of replies) if (!wins([r]).length) assert.equal(r.json.code, 'template_exhausted', r.text);
  assert.equal((await many.ok('GET', `/v1/templates/${template_id}`)).usage.issued, TOTAL);
});

/** Sends all, kills the server in the middle, starts it again and sends all that got no answer. */
async function throughAKill(requests) {
  const replies = new Map();
  const send = (request, i) => many.send(request).then((r) => replies.set(i, r), () => {});
  const all = Promise.all(requests.map(send));
  while (replies.size < requests.length / 3) await sleep(1);
  await server.stop('SIGKILL');
  await all;
  const before = new Map(replies);
  assert.ok(before.size < requests.length, 'the kill came too late to show anything');
  await server.run();
  reconnect();
  await Promise.all(requests.map(send)); // those that were answered, too: they must get their first answer again
  assert.equal(replies.size, requests.length);
  for (const [i, r] of before) if (wins([r]).length) assert.equal(replies.get(i).text, r.text);
  return [...replies.values()];
}

test('issuing to a limit, SIGKILL in the middle, then the same again', async () => {
  const template_id = await many.template({ limits: { total: TOTAL } });
  const requests = Array.from({ length: ASKED }, (_, i) => many.request('POST', '/v1/coupons', { template_id, customer: { nick: `kill-${i}` } }, { number: fresh() }));
  const replies = await throughAKill(requests);
  assert.equal(new Set(wins(replies).map((r) => r.json.coupons[0].code)).size, TOTAL);
  assert.equal((await many.ok('GET', `/v1/templates/${template_id}`)).usage.issued, TOTAL);
});

test('redeeming, SIGKILL in the middle, then the same again', async () => {
  const template_id = await many.template({ limits: { budget_fen: 1000 * TOTAL } });
  const codes = await many.codes(template_id, 2 * TOTAL);
  const requests = codes.map((code, i) => many.request('POST', `/v1/coupons/${code}/redeem`, { order_no: `kill-${i}`, shop: '01', amount_fen: 5000 }, { number: fresh() }));
  const replies = await throughAKill(requests);
  assert.equal(wins(replies).length, TOTAL);
  for (const r of replies) if (!wins([r]).length) assert.equal(r.json.code, 'budget_exhausted', r.text);
  const { usage } = await many.ok('GET', `/v1/templates/${template_id}`);
  assert.equal(usage.redeemed, TOTAL);
  assert.equal(usage.spent_fen, 1000 * TOTAL);
});
