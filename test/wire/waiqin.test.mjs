// Waiqin365 on the wire: seed document 001, and what its live clients do.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, cli } from '../js/server.mjs';
import { DEMO, Waiqin, digest, stamp } from '../js/waiqin.mjs';

let server, waiqin;

before(async () => {
  server = await Server.start();
  await server.stop();
  const csv = (kind, text) => {
    const file = join(server.root, `${kind}.csv`);
    writeFileSync(file, text);
    cli('import', kind, file, `--data=${server.dir}`);
  };
  csv('departments', `department_id,code,name,source_code
W1,WD1,研发部,WS1
W2,WD2,市场部,WS2
W3,WD3,同名部,WS3
W4,WD4,同名部,WS4
`);
  csv('customers', `customer_id,code,name,source_code,nick
900000000000000001,WC1,张三的店,WSC1,
900000000000000002,WC2,李四的店,WSC2,
900000000000000003,WC3,同名店,WSC3,
900000000000000004,WC4,同名店,WSC4,
900000000000000005,WC5,,WSC5,只有昵称
`);
  const add = (...more) => cli('credential', 'add', `--data=${server.dir}`, '--merchant=1', '--dialect=waiqin', ...more);
  add('--id=1111111111111111111', '--secret=BFCO0PAgIUgd50c0l6', '--skew=60');
  add('--id=2222222222222222222', '--secret=elsewhere123456789', '--trusted=10.0.0.0/8');
  add('--id=3333333333333333333', '--secret=limited', '--calls-per-s=1', '--burst=2');
  add('--id=4444444444444444444', '--secret=ended', '--expires=2020-01-01');
  await server.run();
  waiqin = new Waiqin(server);
});
after(async () => {
  const code = await server?.stop();
  await server?.close();
  assert.equal(code, 0);
});

let made = 0;
function campaign(over = {}) {
  const source_code = `wq-${++made}`;
  return {
    source_code,
    code: `code-${source_code}`,
    name: '春季促销',
    type_code: 'T1',
    event_status: '1',
    start_date: '2025-03-01',
    end_date: '2025-03-31',
    register_url: 'https://example.com/join',
    event_information: '买一送一 "好"\n\\',
    ...over,
  };
}
const ok = { msg_id: 'X000001', return_code: 0, return_msg: '' };
const refused = (return_msg) => ({ msg_id: 'X000001', return_code: 1, return_msg });
const refusedQuery = (return_msg, msg_id = 'X000001') => ({ return_code: '1', return_msg, msg_id, response_data: '[]' });

async function save(over) {
  const c = campaign(over);
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', c), ok);
  return c;
}
function signup(c, over = {}) {
  return {
    campaign_source_code: c.source_code,
    campaign_code: c.code,
    cm_ids: '900000000000000001',
    registered_time: '2025-03-02 10:11:12',
    merchant_information: '一号店',
    ...over,
  };
}
async function only(c) {
  const found = await waiqin.query({ activity_source_code: c.source_code });
  assert.equal(found.length, 1);
  return found[0];
}

test('the signer agrees with the vendor\'s sample', () => {
  const body = '{"org_id":"ORG001","org_name":"南京掌控网络","org_parent_id":"","org_sequence":001}';
  assert.equal(digest(body, 'BFCO0PAgIUgd50c0l6', '20150806142836'), '74267bf0cae0998a719879ec9b3c7780');
});

test('a write answers letter by letter', async () => {
  const reply = await waiqin.send('addOrUpdateCampaign', campaign());
  assert.equal(reply.text, '{"msg_id":"X000001","return_code":0,"return_msg":""}');
  assert.equal(reply.type, 'application/json;charset=UTF-8');
});

test('a query answers every field of the document, in its order', async () => {
  const c = await save({ dept_id: 'W1,W2' });
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c)), ok);
  const reply = await waiqin.send('queryCampaign', { activity_source_code: c.source_code });
  const outer = JSON.parse(reply.text);
  assert.deepEqual(Object.keys(outer), ['return_code', 'return_msg', 'msg_id', 'response_data']);
  assert.equal(outer.return_code, '0');
  assert.equal(outer.return_msg, '');
  assert.equal(outer.msg_id, 'X000001');
  assert.equal(typeof outer.response_data, 'string');
  assert.equal(
    outer.response_data,
    JSON.stringify([
      {
        activity_source_code: c.source_code,
        activity_code: c.code,
        activity_type_code: 'T1',
        activity_type_name: '',
        activity_name: '春季促销',
        start_date: '2025-03-01',
        end_date: '2025-03-31',
        event_status: '1',
        event_information: '买一送一 "好"\n\\',
        register_url: 'https://example.com/join',
        belong_dept: [
          { id: 'W1', code: 'WD1', name: '研发部' },
          { id: 'W2', code: 'WD2', name: '市场部' },
        ],
        override_customer: [],
        invited_customer: [],
        registered_customer: [
          { id: '900000000000000001', code: 'WC1', name: '张三的店', source_code: 'WSC1', merchant_information: '一号店' },
        ],
      },
    ]),
  );
});

test('the demo campaign is there, and {} asks for all', async () => {
  assert.ok((await waiqin.query({})).length >= 1);
});

test('an empty result is the text []', async () => {
  const reply = await waiqin.call('queryCampaign', { activity_code: 'no such code' });
  assert.deepEqual(reply, { return_code: '0', return_msg: '', msg_id: 'X000001', response_data: '[]' });
});

// ---- addOrUpdateCampaign

const required = ['source_code', 'code', 'name', 'type_code', 'event_status', 'start_date', 'end_date', 'register_url', 'event_information'];
for (const field of required) {
  test(`save without ${field}`, async () => {
    for (const value of [undefined, '', null])
      assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ [field]: value })), refused(`missing parameter: ${field}`));
  });
  test(`save with ${field} of a wrong type`, async () => {
    for (const value of [true, [], {}, ['a']])
      assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ [field]: value })), refused(`wrong format: ${field}`));
  });
}
for (const field of ['source_code', 'code', 'name', 'type_code', 'register_url', 'dept_id', 'dept_code', 'dept_name', 'dept_source_code']) {
  test(`save with ${field} of 101 characters`, async () => {
    assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ [field]: '长'.repeat(101) })), refused(`too long: ${field}`));
  });
}
test('lengths count characters', async () => {
  const long = { source_code: '一'.repeat(100), code: '二'.repeat(100), name: '三'.repeat(100), type_code: '😀'.repeat(100), register_url: '五'.repeat(100) };
  const c = await save(long);
  assert.equal((await only(c)).activity_type_code, long.type_code);
});
test('event_information may have 64 KiB', async () => {
  const c = await save({ event_information: '"'.repeat(65536) });
  assert.equal((await only(c)).event_information.length, 65536);
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ event_information: 'x'.repeat(65537) })), refused('too long: event_information'));
});
test('event_status is 1, 2 or 3', async () => {
  for (const value of ['0', '4', '-1', '1.5', 'x', 4, 18446744073709552000])
    assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ event_status: value })), refused('wrong format: event_status'));
  for (const value of ['1', 2, '3']) assert.equal((await only(await save({ event_status: value }))).event_status, String(value));
});
test('dates', async () => {
  for (const value of ['2025-02-30', '2025/03/01', '20250301', '2025-13-01', 'soon', '2025-03-01 00:00:00', '0000-00-00'])
    assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ start_date: value })), refused('wrong format: start_date'));
  const c = await save({ start_date: '2025-3-1', end_date: '2025-03-01' });
  const found = await only(c);
  assert.deepEqual([found.start_date, found.end_date], ['2025-03-01', '2025-03-01']);
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ start_date: '2025-04-01' })), refused('wrong format: end_date'));
});
test('texts with control characters are refused', async () => {
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ name: 'a\u0000b' })), refused('wrong format: body'));
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ name: 'a\u001fb' })), refused('wrong format: name'));
});
test('numbers where texts are meant, and unknown members', async () => {
  const c = await save({ code: 12345, whatever: { deep: [1] } });
  assert.equal((await only(c)).activity_code, '12345');
});
test('the same source_code again is an update; departments stay', async () => {
  const c = await save({ dept_code: 'WD2' });
  await save({ ...c, dept_code: undefined, name: '改名', event_status: 2 });
  const found = await only(c);
  assert.equal(found.activity_name, '改名');
  assert.equal(found.event_status, '2');
  assert.deepEqual(found.belong_dept.map((d) => d.id), ['W2']);
  await save({ ...c, dept_code: ' , ，' });
  assert.deepEqual((await only(c)).belong_dept.map((d) => d.id), ['W2']);
  await save({ ...c, dept_code: 'WD1' });
  assert.deepEqual((await only(c)).belong_dept.map((d) => d.id), ['W1']);
});
test('an identical write again succeeds and changes nothing', async () => {
  const c = await save();
  await save(c);
  await only(c);
});
test('departments: id before code before name before source_code', async () => {
  const all = { dept_id: 'W1', dept_code: 'WD2', dept_name: '同名部', dept_source_code: 'WS3' };
  const ids = async (over) => (await only(await save(over))).belong_dept.map((d) => d.id);
  assert.deepEqual(await ids(all), ['W1']);
  assert.deepEqual(await ids({ ...all, dept_id: '' }), ['W2']);
  assert.deepEqual(await ids({ ...all, dept_id: ',', dept_code: ' ' }).catch(() => 'ambiguous'), 'ambiguous');
  assert.deepEqual(await ids({ ...all, dept_id: null, dept_code: undefined, dept_name: '市场部' }), ['W2']);
  assert.deepEqual(await ids({ dept_source_code: 'WS3' }), ['W3']);
  assert.deepEqual(await ids({ dept_id: ' W2 ,W1， W2,,' }), ['W2', 'W1']);
});
test('one unknown or ambiguous department refuses the whole call', async () => {
  const c = campaign({ dept_id: 'W1,W9' });
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', c), refused('unknown dept_id: W9'));
  assert.deepEqual(await waiqin.query({ activity_source_code: c.source_code }), []);
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ dept_code: 'zz' })), refused('unknown dept_code: zz'));
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ dept_source_code: 'zz' })), refused('unknown dept_source_code: zz'));
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ dept_name: '没有' })), refused('unknown dept_name: 没有'));
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ dept_name: '同名部' })), refused('ambiguous dept_name: 同名部'));
});
test('source codes of WangJuBao\'s campaigns cannot be taken', async () => {
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign({ source_code: 'wjb-123' })), refused('wrong format: source_code'));
  await save({ source_code: 'wjb-abc' });
});

// ---- applyCallBack

for (const field of ['campaign_source_code', 'campaign_code', 'registered_time', 'merchant_information']) {
  test(`sign-up without ${field}`, async () => {
    const c = await save();
    for (const value of [undefined, '', null])
      assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { [field]: value })), refused(`missing parameter: ${field}`));
    for (const value of [false, [1], {}])
      assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { [field]: value })), refused(`wrong format: ${field}`));
  });
}
test('sign-up: too long', async () => {
  const c = await save();
  for (const field of ['campaign_source_code', 'campaign_code'])
    assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { [field]: 'x'.repeat(101) })), refused(`too long: ${field}`));
  for (const field of ['cm_ids', 'cm_codes', 'cm_names', 'merchant_information'])
    assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { [field]: 'x'.repeat(65537) })), refused(`too long: ${field}`));
});
test('sign-up: registered_time', async () => {
  const c = await save();
  for (const value of ['2025-03-02', '2025-03-02T10:11:12', '2025-03-02 24:00:00', '2025-02-29 10:00:00', '1740881472000'])
    assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { registered_time: value })), refused('wrong format: registered_time'));
});
test('sign-up: at least one of cm_ids, cm_codes, cm_names', async () => {
  const c = await save();
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '' })), refused('missing parameter: cm_ids'));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: ',，', cm_codes: ' ' })), refused('missing parameter: cm_ids'));
});
test('sign-up: ids before codes before names', async () => {
  const c = await save();
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_codes: 'WC2', cm_names: 'nobody' })), ok);
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_codes: 'WC2，WC3', cm_names: 'nobody' })), ok);
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: null, cm_names: '只有昵称' })), ok);
  const found = await only(c);
  assert.deepEqual(found.registered_customer.map((p) => p.code), ['WC1', 'WC2', 'WC3', 'WC5']);
  assert.equal(found.registered_customer[3].name, '只有昵称');
  assert.deepEqual(found.override_customer, []);
});
test('sign-up again overwrites what the merchant said', async () => {
  const c = await save();
  await waiqin.call('applyCallBack', signup(c));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { merchant_information: '二号店' })), ok);
  const people = (await only(c)).registered_customer;
  assert.equal(people.length, 1);
  assert.equal(people[0].merchant_information, '二号店');
});
test('sign-up: one unknown or ambiguous customer refuses the whole call', async () => {
  const c = await save();
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '900000000000000001,77' })), refused('unknown cm_ids: 77'));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_codes: 'WC1,zz' })), refused('unknown cm_codes: zz'));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_names: '张三的店,谁' })), refused('unknown cm_names: 谁'));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_names: '张三的店,同名店' })), refused('ambiguous cm_names: 同名店'));
  assert.deepEqual((await only(c)).registered_customer, []);
});
test('sign-up: the campaign must be known and its code right', async () => {
  const c = await save();
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { campaign_source_code: 'nowhere' })), refused('unknown campaign_source_code: nowhere'));
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { campaign_code: 'other' })), refused('unknown campaign_code: other'));
});
test('sign-up: more than 1,000 people', async () => {
  const c = await save();
  const many = Array.from({ length: 1001 }, (_, i) => `c${i}`).join(',');
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_codes: many })), refused('too many values: cm_codes'));
});

// ---- queryCampaign

test('filters', async () => {
  const c = await save({ type_code: 'only-here' });
  const sources = async (filter) => (await waiqin.query(filter)).map((x) => x.activity_source_code);
  assert.deepEqual(await sources({ activity_type_code: 'only-here' }), [c.source_code]);
  assert.deepEqual(await sources({ activity_code: c.code }), [c.source_code]);
  assert.deepEqual(await sources({ activity_code: c.code, activity_type_code: 'T1' }), []);
  assert.deepEqual(await sources({ activity_source_code: '', activity_code: null, activity_type_code: 'only-here' }), [c.source_code]);
});
test('times are inclusive to the second, newest modified first', async () => {
  const text = (ms) => new Date(ms + 8 * 3600e3).toISOString().slice(0, 19).replace('T', ' ');
  const before_ms = Date.now();
  const a = await save({ type_code: 'timed' });
  const b = await save({ type_code: 'timed' });
  const after_ms = Date.now();
  const sources = async (filter) => (await waiqin.query({ activity_type_code: 'timed', ...filter })).map((x) => x.activity_source_code);
  assert.deepEqual(await sources({}), [b.source_code, a.source_code]);
  assert.deepEqual(await sources({ after_create_time: text(before_ms), before_create_time: text(after_ms) }), [b.source_code, a.source_code]);
  assert.deepEqual(await sources({ after_modify_time: text(before_ms), before_modify_time: text(after_ms) }), [b.source_code, a.source_code]);
  assert.deepEqual(await sources({ after_create_time: text(after_ms + 2000) }), []);
  assert.deepEqual(await sources({ before_create_time: text(before_ms - 2000) }), []);
  assert.deepEqual(await sources({ after_modify_time: text(after_ms + 2000) }), []);
  assert.deepEqual(await sources({ before_modify_time: text(before_ms - 2000) }), []);
  await new Promise((r) => setTimeout(r, 5));
  await save({ ...a, name: 'later' });
  assert.deepEqual(await sources({}), [a.source_code, b.source_code]);
});
test('filters: wrong ones', async () => {
  for (const field of ['before_create_time', 'after_create_time', 'before_modify_time', 'after_modify_time'])
    for (const value of ['2025-01-01', 'x', 5, true]) assert.deepEqual(await waiqin.call('queryCampaign', { [field]: value }), refusedQuery(`wrong format: ${field}`));
  for (const field of ['activity_source_code', 'activity_code', 'activity_type_code']) {
    assert.deepEqual(await waiqin.call('queryCampaign', { [field]: 'x'.repeat(101) }), refusedQuery(`too long: ${field}`));
    assert.deepEqual(await waiqin.call('queryCampaign', { [field]: 'x'.repeat(100) }), { return_code: '0', return_msg: '', msg_id: 'X000001', response_data: '[]' });
    assert.deepEqual(await waiqin.call('queryCampaign', { [field]: [] }), refusedQuery(`wrong format: ${field}`));
  }
});
test('a large audience comes in slices', async () => {
  const c = await save();
  const codes = (from, to) => Array.from({ length: to - from }, (_, i) => `big${from + i}`).join(',');
  const rows = Array.from({ length: 2500 }, (_, i) => `80000000000000${String(i).padStart(4, '0')},big${i},第${i}店,bigs${i}`).join('\n');
  const file = join(server.root, 'big.csv');
  writeFileSync(file, `customer_id,code,name,source_code\n${rows}\n`);
  cli('import', 'customers', file, `--data=${server.dir}`);
  for (const [from, to] of [[0, 1000], [1000, 2000], [2000, 2500]])
    assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { cm_ids: '', cm_codes: codes(from, to) })), ok);
  const people = (await only(c)).registered_customer;
  assert.equal(people.length, 2500);
  assert.deepEqual(people.map((p) => p.code), Array.from({ length: 2500 }, (_, i) => `big${i}`));
  assert.equal(people[2499].name, '第2499店');
});
// ---- the path

test('unknown operations, other verbs and other paths', async () => {
  const bad = await waiqin.send('noSuchOperation', {});
  assert.equal(bad.status, 404);
  assert.equal(bad.type, 'text/plain;charset=UTF-8');
  assert.notEqual(bad.text[0], '{');
  assert.equal((await waiqin.send('', {}, { path: '/api/bcwin/v1/' })).status, 404);
  assert.equal((await waiqin.send('', {}, { path: '/api/bcwin/v1/queryCampaign/a/b/c/d/e' })).status, 404);
  for (const verb of ['GET', 'PUT', 'DELETE']) {
    const reply = await waiqin.send('queryCampaign', '{}', { verb });
    assert.equal(reply.status, 405);
    assert.notEqual(reply.text[0], '{');
  }
});
test('slashes and percent-encoding', async () => {
  const t = stamp();
  const sum = digest('{}', DEMO.appkey, t);
  const ways = [
    `//api//bcwin/v1/queryCampaign//${DEMO.openid}/${t}/${sum}/m1/`,
    `/api/bcwin/v1/queryCampaign/%38${DEMO.openid.slice(1)}/${t}/${sum}/%6D1`,
    `/api/bcwin/v1/queryCampaign/${DEMO.openid}/${t}/${sum.toUpperCase()}/m1?x=1`,
  ];
  for (const path of ways) {
    const reply = await waiqin.call('', '{}', { path });
    assert.equal(reply.return_code, '0', path);
    assert.equal(reply.msg_id, 'm1');
  }
});
test('parts of the path that are missing', async () => {
  const t = stamp();
  const sum = digest('{}', DEMO.appkey, t);
  const at = (...parts) => waiqin.call('', '{}', { path: ['/api/bcwin/v1/queryCampaign', ...parts].join('/') });
  assert.deepEqual(await at(), refusedQuery('missing parameter: openid', ''));
  assert.deepEqual(await at(DEMO.openid), refusedQuery('missing parameter: timestamp', ''));
  assert.deepEqual(await at(DEMO.openid, t), refusedQuery('missing parameter: digest', ''));
  assert.deepEqual(await at(DEMO.openid, t, sum), refusedQuery('missing parameter: msg_id', ''));
});
test('msg_id', async () => {
  for (const msgId of ['a', 'Z'.repeat(64), '550e8400-e29b-41d4-a716-446655440000', 'Y0000_1']) {
    assert.equal((await waiqin.call('queryCampaign', {}, { msgId })).msg_id, msgId);
    assert.equal((await waiqin.call('addOrUpdateCampaign', {}, { msgId })).msg_id, msgId);
  }
  assert.deepEqual(await waiqin.call('queryCampaign', {}, { msgId: 'a'.repeat(65) }), refusedQuery('too long: msg_id', ''));
  for (const msgId of ['a.b', '%E4%BD%A0', 'a%20b', 'a%2Fb', '%zz']) assert.deepEqual(await waiqin.call('queryCampaign', {}, { msgId }), refusedQuery('wrong format: msg_id', ''));
});
test('the same msg_id may come again', async () => {
  const msgId = 'ADDorg123456';
  assert.equal((await waiqin.call('addOrUpdateCampaign', campaign(), { msgId })).return_code, 0);
  assert.equal((await waiqin.call('addOrUpdateCampaign', campaign(), { msgId })).return_code, 0);
});

// ---- who calls

test('unknown openid', async () => {
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign(), { openid: '12345' }), refused('unknown openid: 12345'));
  assert.deepEqual(await waiqin.call('queryCampaign', {}, { openid: '12345' }), refusedQuery('unknown openid: 12345'));
  assert.deepEqual(await waiqin.call('queryCampaign', {}, { openid: '%FF%FE' }), refusedQuery('unknown openid'));
  assert.match((await waiqin.call('queryCampaign', {}, { openid: '9'.repeat(2000) })).return_msg, /^unknown openid/);
});
test('wrong digest', async () => {
  for (const sum of ['0'.repeat(32), 'x', 'g'.repeat(32), digest('{}', 'otherkey', stamp())]) {
    assert.deepEqual(await waiqin.call('queryCampaign', '{}', { digest: sum }), refusedQuery('wrong digest'));
    assert.deepEqual(await waiqin.call('addOrUpdateCampaign', campaign(), { digest: sum }), refused('wrong digest'));
  }
  const t = stamp();
  assert.deepEqual(await waiqin.call('queryCampaign', '{ }', { timestamp: t, digest: digest('{}', DEMO.appkey, t) }), refusedQuery('wrong digest'));
});
test('timestamps', async () => {
  const now = Date.now();
  const minute = 60e3;
  const java = stamp(now).slice(0, 12);
  for (const timestamp of [stamp(now), stamp(now - 25 * minute), stamp(now + 25 * minute), java + '999', java + '87', String(now), String(now - 25 * minute), java, java + '9'])
    assert.equal((await waiqin.call('queryCampaign', {}, { timestamp })).return_code, '0', timestamp);
  for (const timestamp of [stamp(now - 32 * minute), stamp(now + 31 * minute), String(now - 31 * minute), '20150806142836', '1500000000000'])
    assert.deepEqual(await waiqin.call('queryCampaign', {}, { timestamp }), refusedQuery('out of window: timestamp'));
  for (const timestamp of ['0', 'abc', '2025-01-01', String(Math.floor(now / 1000)), java + '1234', '20251301000000', java.slice(0, 8) + '2500', '-' + now])
    assert.deepEqual(await waiqin.call('queryCampaign', {}, { timestamp }), refusedQuery('wrong format: timestamp'), timestamp);
});
test('a credential has its own window', async () => {
  const own = new Waiqin(server, { openid: '1111111111111111111', appkey: 'BFCO0PAgIUgd50c0l6' });
  assert.equal((await own.call('queryCampaign', {})).return_code, '0');
  assert.deepEqual(await own.call('queryCampaign', {}, { timestamp: stamp(Date.now() - 180e3) }), refusedQuery('out of window: timestamp'));
});
test('trusted addresses', async () => {
  const far = new Waiqin(server, { openid: '2222222222222222222', appkey: 'elsewhere123456789' });
  const reply = await far.call('queryCampaign', {});
  assert.equal(reply.return_code, '1');
  assert.match(reply.return_msg, /^address not trusted/);
});

test('too many calls', async () => {
  const few = { activity_source_code: 'none' }; // quick on any machine
  const limited = new Waiqin(server, { openid: '3333333333333333333', appkey: 'limited' });
  for (let i = 0; i < 2; i++) assert.equal((await limited.call('queryCampaign', few)).return_code, '0');
  assert.deepEqual(await limited.call('queryCampaign', few), refusedQuery('too many calls'));
  await new Promise((done) => setTimeout(done, 1000));
  assert.equal((await limited.call('queryCampaign', few)).return_code, '0');
});
test('a key that has ended', async () => {
  for (const appkey of ['ended', 'wrong'])
    assert.deepEqual(await new Waiqin(server, { openid: '4444444444444444444', appkey }).call('queryCampaign', {}), refusedQuery('unknown openid: 4444444444444444444'));
});

// ---- bodies

test('lenient JSON: the vendor\'s sample and single quotes', async () => {
  const body = '{"org_id":"ORG001","org_name":"南京掌控网络","org_parent_id":"","org_sequence":001}';
  assert.equal((await waiqin.call('queryCampaign', body)).return_code, '0');
  assert.deepEqual(await waiqin.call('queryCampaign', "{'activity_code': 'no \"such\" code'}"), { return_code: '0', return_msg: '', msg_id: 'X000001', response_data: '[]' });
});
test('bodies that cannot be read', async () => {
  const bodies = ['', ' ', '[]', '"x"', 'null', '{', '{}{}', 'source_code=1', '{"a":1,}', Buffer.from('{"activity_code":"\xff\xfe"}', 'latin1'), '{"activity_code":"\\ud800"}', '{"a":'.repeat(65) + '1' + '}'.repeat(65), '['.repeat(100000)];
  for (const body of bodies) assert.deepEqual(await waiqin.call('queryCampaign', body), refusedQuery('wrong format: body'), String(body).slice(0, 40));
  assert.deepEqual(await waiqin.call('addOrUpdateCampaign', 'x'), refused('wrong format: body'));
});
test('of duplicate names the last one counts', async () => {
  const c = await save();
  const reply = await waiqin.call('queryCampaign', `{"activity_source_code":"nothing","activity_source_code":${JSON.stringify(c.source_code)}}`);
  assert.equal(JSON.parse(reply.response_data).length, 1);
});
test('escapes are resolved', async () => {
  const c = await save();
  const escaped = [...c.source_code].map((x) => '\\u' + x.charCodeAt(0).toString(16).padStart(4, '0')).join('');
  const reply = await waiqin.call('queryCampaign', `{"activity\\u005fsource_code" : "${escaped}"}`);
  assert.equal(JSON.parse(reply.response_data).length, 1);
});
test('413 in plain text', async () => {
  const reply = await server.raw(`POST /api/bcwin/v1/queryCampaign/a/b/c/d HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n`);
  assert.match(reply, /^HTTP\/1\.1 413 /);
  assert.match(reply, /content-type: text\/plain/i);
});
// Last, because no query of all succeeds after it.
test('an answer past 32 MiB is refused and says how to narrow it', async () => {
  const c = await save();
  const some = (from, n) => Array.from({ length: n }, (_, i) => `big${from + i}`).join(',');
  const large = { merchant_information: 'x'.repeat(60000), cm_ids: '' };
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { ...large, cm_codes: some(0, 200) })), refused('too many values: cm_codes'));
  for (let from = 0; from < 500; from += 125) assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { ...large, cm_codes: some(from, 125) })), ok);
  assert.equal((await only(c)).registered_customer.length, 500);
  assert.deepEqual(await waiqin.call('applyCallBack', signup(c, { ...large, cm_codes: some(500, 125) })), ok);
  const reply = await waiqin.call('queryCampaign', { activity_source_code: c.source_code });
  assert.deepEqual(reply, refusedQuery('answer too large: narrow the query by activity_source_code'));
  assert.deepEqual(await waiqin.call('queryCampaign', {}), refusedQuery('answer too large: narrow the query by activity_source_code'));
});
