// One store, four dialects: what is made through one is seen, found and changed through the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from '../js/server.mjs';
import { done, exported, folder, verify } from '../js/e2e.mjs';
import { find, common, post, query, stopClient } from '../js/top.mjs';
import { Waiqin } from '../js/waiqin.mjs';
import { Wjb } from '../js/wjb.mjs';
import { Zvcms } from '../js/zvcms.mjs';
import { writeFileSync } from 'node:fs';

let server, wjb, waiqin, zvcms;
const box = folder('cross');
before(async () => {
  server = await Server.start();
  writeFileSync(box.at('people.csv'), 'customer_id,code,name,source_code,nick,phone,card_no\n700000000000000001,P1,甲店,sp1,nick-甲,13600000001,card-1\n700000000000000002,P2,乙店,sp2,nick-乙,13600000002,card-2\n');
  await done(['import', 'customers', box.at('people.csv'), `--data=${server.dir}`]);
  wjb = new Wjb(server.port);
  waiqin = new Waiqin(server);
  zvcms = new Zvcms(server);
});
after(async () => {
  stopClient();
  await server?.stop();
  if (server) await verify(server.dir);
  await server?.close();
  box.remove();
});
const one = async (filter) => {
  const found = await waiqin.query(filter);
  assert.equal(found.length, 1, JSON.stringify(found));
  return found[0];
};
const waiqinOk = async (operation, body) => assert.equal((await waiqin.call(operation, body)).return_code, 0);
const targets = (activity_id, buyer_nicks) => wjb.ok('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks } });
const listed = async () => {
  const rows = [];
  for (let page_no = 1; ; page_no++) {
    const r = await wjb.ok('wjb.ump.activity.list', { page_no, page_size: 50 });
    rows.push(...r.activities);
    if (!r.has_next) return rows;
  }
};
const idOf = async (source_code) => Number((await exported(server.dir, 'campaigns')).find((c) => c.source_code === source_code).activity_id);

describe('a campaign made through WangJuBao', () => {
  let activity_id, filter;
  before(async () => {
    ({ activity_id } = await wjb.ok('wjb.ump.activity.add', {
      activity: { name: '会员日', type: 'T9', start_time: '2025-05-01 08:00:00', end_time: '2025-05-31 23:59:59', status: 2, memo: '满减', mine: { kept: [1, 2.50] } },
    }));
    filter = { activity_source_code: `wjb-${activity_id}` };
    await targets(activity_id, ['nick-甲', 'nick-乙', '新客']);
  });
  test('is shown by Waiqin, with its people', async () => {
    const c = await one(filter);
    assert.deepEqual(
      [c.activity_name, c.activity_type_code, c.start_date, c.end_date, c.event_status, c.event_information].map(String),
      ['会员日', 'T9', '2025-05-01', '2025-05-31', '2', '满减'], JSON.stringify(c));
    assert.deepEqual(c.override_customer.map((p) => [p.code, p.name, p.source_code]), [['P1', '甲店', 'sp1'], ['P2', '乙店', 'sp2'], ['', '新客', '']]);
    assert.equal(c.override_customer[0].id, '700000000000000001');
    assert.match(c.override_customer[2].id, /^\d{18}$/);
    assert.deepEqual([c.invited_customer, c.registered_customer], [[], []]);
  });
  test('is registered to through Waiqin, also by a customer that only WangJuBao knows', async () => {
    await waiqinOk('applyCallBack', { campaign_source_code: `wjb-${activity_id}`, campaign_code: String(activity_id), cm_ids: '700000000000000002', registered_time: '2025-05-02 10:00:00', merchant_information: '二号店' });
    await waiqinOk('applyCallBack', { campaign_source_code: `wjb-${activity_id}`, campaign_code: String(activity_id), cm_names: '新客', registered_time: '2025-05-03 10:00:00', merchant_information: '新' });
    const c = await one(filter);
    assert.deepEqual(c.registered_customer.map((p) => p.name), ['乙店', '新客']);
    assert.equal(c.override_customer.length, 3, 'the same rows');
  });
  test('target.clear takes the covered mark, those who registered stay', async () => {
    await wjb.ok('wjb.ump.activity.target.clear', { activity_id });
    const c = await one(filter);
    assert.deepEqual(c.override_customer, []);
    assert.deepEqual(c.registered_customer.map((p) => p.name), ['乙店', '新客']);
    await targets(activity_id, ['nick-甲']);
    assert.deepEqual((await one(filter)).override_customer.map((p) => p.name), ['甲店']);
  });
  test('is changed through Waiqin, and WangJuBao shows it', async () => {
    await waiqinOk('addOrUpdateCampaign', {
      source_code: `wjb-${activity_id}`, code: String(activity_id), name: '改过', type_code: 'T9', event_status: '3', start_date: '2025-06-01', end_date: '2025-06-30',
      register_url: 'https://example.com/r', event_information: '新说明', dept_id: '1001',
    });
    const shown = (await listed()).find((a) => a.activity_id === activity_id);
    assert.equal(shown.name, '改过');
    assert.equal(String(shown.status), '3');
    assert.match(shown.start_time, /^2025-06-01/);
    assert.match(shown.end_time, /^2025-06-30/);
    assert.equal(shown.memo, '新说明');
    assert.deepEqual(shown.mine, { kept: [1, 2.5] });
    const c = await one(filter);
    assert.equal(c.override_customer.length, 1);
    assert.equal(c.belong_dept[0].id ?? c.belong_dept[0].dept_id, '1001', JSON.stringify(c.belong_dept));
  });
  test('deleted through WangJuBao it is gone for Waiqin', async () => {
    await wjb.ok('wjb.ump.activity.delete', { activity_id });
    assert.deepEqual(await waiqin.query(filter), []);
    assert.equal((await waiqin.call('applyCallBack', { campaign_source_code: `wjb-${activity_id}`, campaign_code: String(activity_id), cm_ids: '700000000000000002', registered_time: '2025-05-02 10:00:00', merchant_information: 'x' })).return_code, 1);
  });
});

describe('a campaign made through Waiqin', () => {
  const campaign = { source_code: 'wq-cross', code: 'WQ-CROSS', name: '外勤活动', type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31', register_url: 'https://example.com/join', event_information: '买一送一', dept_id: '1001' };
  let activity_id;
  before(async () => {
    await waiqinOk('addOrUpdateCampaign', campaign);
    activity_id = await idOf('wq-cross');
  });
  test('has an activity_id', () => assert.ok(Number.isSafeInteger(activity_id) && activity_id > 0));
  test('is targeted and modified through WangJuBao', async () => {
    await targets(activity_id, ['nick-甲', '陌生人']);
    const before = await one({ activity_source_code: 'wq-cross' });
    assert.deepEqual(before.override_customer.map((p) => p.name), ['甲店', '陌生人']);
    await wjb.ok('wjb.ump.activity.modify', { activity: { activity_id, name: '旺聚宝改的', status: 2, end_time: '2025-04-15 23:59:59' } });
    const c = await one({ activity_source_code: 'wq-cross' });
    assert.equal(c.activity_name, '旺聚宝改的');
    assert.deepEqual([c.start_date, c.end_date, String(c.event_status), c.event_information], ['2025-03-01', '2025-04-15', '2', '买一送一']);
    assert.equal(c.belong_dept.length, 1);
    assert.equal(c.override_customer.length, 2);
  });
  test('keeps its people when Waiqin updates it', async () => {
    await waiqinOk('addOrUpdateCampaign', { ...campaign, name: '第二版', dept_id: undefined });
    const c = await one({ activity_source_code: 'wq-cross' });
    assert.deepEqual(c.override_customer.map((p) => p.name), ['甲店', '陌生人']);
    assert.equal(c.activity_name, '第二版');
  });
  test('is not in activity.list, nor is the demo\'s', async () => {
    const { activity_id: mine } = await wjb.ok('wjb.ump.activity.add', { activity: { name: 'api-made' } });
    const ids = (await listed()).map((a) => a.activity_id);
    assert.ok(ids.includes(mine));
    assert.ok(!ids.includes(activity_id));
    assert.ok(!ids.includes(await idOf('demo-campaign')));
  });
  test('is deleted through WangJuBao', async () => {
    await wjb.ok('wjb.ump.activity.delete', { activity_id });
    assert.deepEqual(await waiqin.query({ activity_source_code: 'wq-cross' }), []);
  });
});

describe('the demo campaign', () => {
  test('has all three marks, and target.clear takes only its own', async () => {
    const before = await one({ activity_source_code: 'demo-campaign' });
    assert.deepEqual([before.override_customer.length, before.invited_customer.length, before.registered_customer.length], [3, 2, 1]);
    await wjb.ok('wjb.ump.activity.target.clear', { activity_id: await idOf('demo-campaign') });
    const c = await one({ activity_source_code: 'demo-campaign' });
    assert.deepEqual([c.override_customer.length, c.invited_customer.length, c.registered_customer.length], [0, 2, 1]);
  });
});

describe('a coupon issued through the SPI', () => {
  const coupon_id = 60001;
  let code;
  before(async () => {
    await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: '满100减20', type: '0', denominations: 20, condition: '100', start_time: '2025-01-01 00:00:00', end_time: '2099-12-31 23:59:59', memo: '全场' } });
    const r = (await wjb.spi({ coupon_id, buyer_nicks: ['nick-甲', '没电话的人'] })).json.response;
    assert.deepEqual(r.send_results.map((x) => x.code), [0, 0]);
    code = r.send_results[0].coupon_number;
  });
  test('is found by TOP as JSON: by phone, card and code', async () => {
    for (const filter of [{ phone: '13600000001' }, { card_no: 'card-1' }, { coupon_code: code }]) {
      const { result } = await find(server, filter);
      assert.equal(result.total_count, 1, JSON.stringify(filter));
      const [row] = result.result_arr_list.erp_coupon_d_t_o;
      assert.deepEqual([row.coupon_code, row.coupon_id, row.coupon_name, row.coupon_amount, row.phone, row.card_no, row.status], [code, String(coupon_id), '满100减20', '20', '13600000001', 'card-1', '0'], JSON.stringify(row));
      assert.equal(row.serller_id, '1');
      assert.equal('channel' in row, false); // the SPI leaves it empty
    }
  });
  test('is found by TOP as XML', async () => {
    const reply = await post(server, common({ ...query({ page_size: 10, page_num: 1, coupon_code: code }), format: 'xml' }));
    assert.match(reply.text, new RegExp(`<coupon_code>${code}</coupon_code>`));
    assert.match(reply.text, /<total_count>1<\/total_count>/);
  });
  test('is found by ZVCMS', async () => {
    const reply = await zvcms.call({ customerId: '700000000000000001' });
    assert.equal(String(reply.code), '0');
    const mine = reply.data.filter((c) => c.cardId === code);
    assert.equal(mine.length, 1, JSON.stringify(reply));
    assert.equal(mine[0].title, '满100减20');
    assert.equal(String(mine[0].templateId), String(coupon_id));
    assert.equal((await zvcms.call({ customerId: '700000000000000001', cardId: code })).code, '0');
    assert.equal((await zvcms.call({ customerId: '700000000000000002', cardId: code })).code, '10001');
  });
  test('of somebody without phone and card is found by its code and by the made id', async () => {
    const row = (await exported(server.dir, 'coupons')).find((c) => c.nick === '没电话的人');
    assert.match(row.customer_id, /^\d{18}$/);
    const { result } = await find(server, { coupon_code: row.code });
    assert.equal(result.total_count, 1);
    assert.equal('phone' in result.result_arr_list.erp_coupon_d_t_o[0], false);
    assert.equal((await zvcms.call({ customerId: row.customer_id })).data[0].cardId, row.code);
  });
  test('keeps its template after coupon.delete', async () => {
    await wjb.ok('wjb.ump.coupon.delete', { coupon_id });
    const { result } = await find(server, { coupon_code: code });
    assert.equal(result.result_arr_list.erp_coupon_d_t_o[0].coupon_name, '满100减20');
  });
  test('of a CSV template; and a CSV coupon is one of the per_person', async () => {
    const r = (await wjb.spi({ coupon_id: 951, buyer_nicks: ['小红', '小刚'] })).json.response.send_results;
    const reply = await zvcms.call({ customerId: '383933091455959042' });
    assert.ok(reply.data.some((c) => c.cardId === r[0].coupon_number && c.title === '新客5元券'));
    assert.equal(r[1].coupon_number, '390913445498200067', 'the frozen one that he has');
  });
});

describe('an imported change', () => {
  test('of a template is shown by all', async () => {
    writeFileSync(box.at('t.csv'), 'template_id,name,type,amount,begin_at,end_at\n951,改名券,0,6,2019-08-24 00:00:00,2099-12-31 23:59:59\n');
    await done(['import', 'templates', box.at('t.csv'), `--data=${server.dir}`]);
    const list = await wjb.ok('wjb.ump.coupon.list', { page_size: 50 });
    const t = list.coupons.find((c) => c.coupon_id === 951);
    assert.equal(t.name, '改名券');
    assert.equal(Number(t.denominations), 6);
    const { result } = await find(server, { coupon_code: '390913445498200066' });
    assert.equal(result.result_arr_list.erp_coupon_d_t_o[0].coupon_name, '改名券');
    const reply = await zvcms.call({ customerId: '383933091455959041', cardId: '390913445498200066' });
    assert.equal([reply.data].flat()[0].title, '改名券', JSON.stringify(reply));
  });
  test('of a template made through WangJuBao is echoed from the record, the rest stays', async () => {
    await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id: 60002, name: 'before', mine: 'kept', denominations: '5.00' } });
    writeFileSync(box.at('t2.csv'), 'template_id,name,amount\n60002,after,7.5\n');
    await done(['import', 'templates', box.at('t2.csv'), `--data=${server.dir}`]);
    const t = (await wjb.ok('wjb.ump.coupon.list', { page_size: 50 })).coupons.find((c) => c.coupon_id === 60002);
    assert.deepEqual([t.name, t.mine, Number(t.denominations)], ['after', 'kept', 7.5]);
  });
  test('of a customer is shown in the audience', async () => {
    const { activity_id } = await wjb.ok('wjb.ump.activity.add', { activity: { name: 'renamed people' } });
    await targets(activity_id, ['小明']);
    writeFileSync(box.at('c.csv'), 'customer_id,code,name,source_code,nick,phone,card_no\n383933091455959041,C001,新名字,cm-001,小明,18600000000,11112222\n');
    await done(['import', 'customers', box.at('c.csv'), `--data=${server.dir}`]);
    assert.equal((await one({ activity_source_code: `wjb-${activity_id}` })).override_customer[0].name, '新名字');
    assert.equal((await find(server, { phone: '18612255668' })).result?.total_count ?? 0, 0);
    assert.ok((await find(server, { phone: '18600000000' })).result.total_count > 0);
  });
});
