// Many at once: totals, retries and ids hold whatever the order in which requests meet.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from '../js/server.mjs';
import { Client, exported, verify, waiqinRequest } from '../js/e2e.mjs';
import { Wjb } from '../js/wjb.mjs';

let server, wjb, many;
before(async () => {
  server = await Server.start({ args: ['--log-calls=false'] });
  wjb = new Wjb(server.port);
  many = new Client(server.port, 64);
});
after(async () => {
  many?.close();
  if (!server) return;
  await server.stop();
  await verify(server.dir);
  await server.close();
});
let lastId = 880000;
async function template(members = {}) {
  const coupon_id = ++lastId;
  await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: `t${coupon_id}`, ...members } });
  return coupon_id;
}
const issue = (coupon_id, nicks, o) => many.send(wjb.spiRequest({ coupon_id, buyer_nicks: nicks }, o));
const issuedOf = async (coupon_id) => (await exported(server.dir, 'coupons')).filter((c) => c.template_id === String(coupon_id));

describe('the SPI', () => {
  test('a thousand calls for a hundred coupons', async () => {
    const id = await template({ total: 100 });
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => issue(id, [`race-${i}`])));
    const results = replies.map((r) => {
      assert.equal(r.json?.response?.code, 0, r.text);
      assert.equal(r.json.response.send_results.length, 1);
      return r.json.response.send_results[0];
    });
    const won = results.filter((r) => r.code === 0);
    assert.equal(won.length, 100);
    for (const r of results) if (r.code !== 0) assert.equal(r.code, 15, JSON.stringify(r));
    assert.equal(new Set(won.map((r) => r.coupon_number)).size, 100);
    const there = await issuedOf(id);
    assert.deepEqual(there.map((c) => [c.nick, c.code]).sort(), won.map((r) => [r.buyer_nick, r.coupon_number]).sort());
  });
  test('calls of 50 nicks each, more than are left', async () => {
    const id = await template({ total: 125 });
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => issue(id, Array.from({ length: 50 }, (_, j) => `bulk-${i}-${j}`))));
    const won = replies.flatMap((r) => r.json.response.send_results).filter((r) => r.code === 0);
    assert.equal(won.length, 125);
    assert.equal((await issuedOf(id)).length, 125);
  });
  test('one nick, two hundred calls, each signed anew: one coupon', async () => {
    const id = await template();
    const replies = await Promise.all(Array.from({ length: 200 }, () => issue(id, ['one-nick'])));
    assert.equal(new Set(replies.map((r) => r.json.response.send_results[0].coupon_number)).size, 1);
    assert.equal((await issuedOf(id)).length, 1);
  });
  test('per_person 3: three, whoever asks how often', async () => {
    const id = await template({ per_person: 3 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => issue(id, [`three-${i % 5}`])));
    const count = {};
    for (const c of await issuedOf(id)) count[c.nick] = (count[c.nick] ?? 0) + 1;
    assert.deepEqual(count, Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`three-${i}`, 3])));
  });
  test('the same signed request fifty times: one answer', async () => {
    const id = await template({ per_person: 100 });
    const request = wjb.spiRequest({ coupon_id: id, buyer_nicks: ['a', 'b', 'a'] });
    const replies = await Promise.all(Array.from({ length: 50 }, () => many.send(request)));
    assert.equal(new Set(replies.map((r) => r.text)).size, 1, replies[0].text);
    const codes = replies[0].json.response.send_results.map((r) => r.coupon_number);
    assert.deepEqual((await issuedOf(id)).map((c) => c.code).sort(), [...new Set(codes)].sort());
  });
  test('request_id stands for the request', async () => {
    const id = await template({ per_person: 100 });
    const replies = await Promise.all(Array.from({ length: 30 }, () => issue(id, ['rid'], { params: { request_id: `rid-${id}` } })));
    assert.equal(new Set(replies.map((r) => r.json.response.send_results[0].coupon_number)).size, 1);
    assert.equal((await issuedOf(id)).length, 1);
  });
});

describe('campaigns and templates', () => {
  const named = async (name) => (await exported(server.dir, 'campaigns')).filter((c) => c.name === name);
  test('the same signed activity.add fifty times: one activity', async () => {
    const request = wjb.request('wjb.ump.activity.add', { activity: { name: 'once' } });
    const replies = await Promise.all(Array.from({ length: 50 }, () => many.send(request)));
    const ids = new Set(replies.map((r) => r.json?.response?.activity_id));
    assert.equal(ids.size, 1, replies[0].text);
    assert.deepEqual((await named('once')).map((c) => Number(c.activity_id)), [...ids]);
  });
  test('fifty different requests with one body: fifty activities', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => many.send(wjb.request('wjb.ump.activity.add', { activity: { name: 'each' } }))));
    assert.equal(new Set(replies.map((r) => r.json.response.activity_id)).size, 50);
    assert.equal((await named('each')).length, 50);
  });
  test('different adds with one coupon_id: exactly one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const coupon_id = ++lastId;
      const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => many.send(wjb.request('wjb.ump.coupon.add', { coupon: { coupon_id, name: `contender ${i}` } }))));
      const winners = replies.flatMap((r, i) => (r.json.response.code === 0 ? [i] : []));
      assert.equal(winners.length, 1);
      for (const r of replies) assert.ok([0, 41].includes(r.json.response.code), r.text);
      const there = (await exported(server.dir, 'templates')).filter((t) => t.template_id === String(coupon_id));
      assert.deepEqual(there.map((t) => t.name), [`contender ${winners[0]}`]);
    }
  });
  test('one source_code from many: one campaign, whole', async () => {
    const row = (i) => ({ source_code: 'contended', code: 'contended', name: `name ${i}`, type_code: `T${i}`, event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31', register_url: 'https://example.com/join', event_information: `about ${i}` });
    const replies = await Promise.all(Array.from({ length: 60 }, (_, i) => many.send(waiqinRequest('addOrUpdateCampaign', row(i)))));
    for (const r of replies) assert.equal(r.json.return_code, 0, r.text);
    const there = (await exported(server.dir, 'campaigns')).filter((c) => c.source_code === 'contended');
    assert.equal(there.length, 1);
    const i = there[0].name.split(' ')[1];
    assert.deepEqual([there[0].type_code, there[0].information], [`T${i}`, `about ${i}`], 'fields of one writer');
  });
  test('adding and clearing targets of one activity from many sides', async () => {
    const { activity_id } = await wjb.ok('wjb.ump.activity.add', { activity: { name: 'targets' } });
    const nicks = Array.from({ length: 200 }, (_, i) => `target-${i}`);
    await Promise.all(Array.from({ length: 40 }, (_, i) => many.send(wjb.request('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: nicks.slice(i * 3, i * 3 + 60) } })))).then((all) => all.forEach((r) => assert.equal(r.json.response.code, 0, r.text)));
    const asked = await many.send(waiqinRequest('queryCampaign', { activity_source_code: `wjb-${activity_id}` }));
    const [campaign] = JSON.parse(asked.json.response_data);
    const shown = campaign.override_customer.map((c) => c.name);
    assert.equal(new Set(shown).size, shown.length, 'nobody twice');
    assert.deepEqual([...shown].sort(), nicks.slice(0, 177).sort());
  });
});
