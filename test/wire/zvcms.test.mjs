// ZVCMS on the wire: seed document 003, both generations of the envelope, and all ways to sign.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, cli } from '../js/server.mjs';
import { DEMO, V2, V3, Zvcms, token } from '../js/zvcms.mjs';

let server, zvcms, typed;
const modes = {};
const customerId = '383933091455950001';
const cardId = '390913445498200099';
const CHANNEL = 'demo';

before(async () => {
  server = await Server.start();
  await server.stop();
  const csv = (kind, text) => {
    const file = join(server.root, `${kind}.csv`);
    writeFileSync(file, text);
    cli('import', kind, file, `--data=${server.dir}`);
  };
  csv('customers', `customer_id,name\n${customerId},奈雪的客人\n383933091455950002,别人\n383933091455950003,空手的人\n`);
  csv('templates', `template_id,name,type
951,,0
952,"商品券 ""五""元",5
953,老券,1
954,文字券,cash
`);
  csv('coupons', `code,template_id,customer_id,status,issued_at,begin_at,end_at,attribute
${cardId},951,${customerId},unused,2019-10-15 17:10:28,2019-08-24 00:00:00,2099-11-03 23:59:59,
z-used,952,${customerId},redeemed,2025-01-01 00:00:01,,,"附加 ""信息"""
z-frozen,953,${customerId},frozen,2025-01-01 00:00:02,,2020-01-01 00:00:00,
z-expired,954,${customerId},unused,2025-01-01 00:00:03,2019-01-01 00:00:00,2019-11-03 23:59:59,
z-recalled,952,${customerId},recalled,2025-01-01 00:00:04,,,
z-other,951,383933091455950002,unused,,,,
`);
  const add = (id, ...more) =>
    cli('credential', 'add', `--data=${server.dir}`, '--merchant=1', '--dialect=zvcms', `--id=${id}`, `--secret=secret-${id}`, `--token=grant-${id}`, ...more);
  for (const mode of ['hmac-sha1-kv', 'hmac-sha1-kv-params', 'tencent', 'wechat']) {
    add(`app-${mode}`, `--sign-mode=${mode}`);
    modes[mode] = { openId: `app-${mode}`, secret: `secret-app-${mode}`, grantCode: `grant-app-${mode}`, mode };
  }
  add('app-typed', '--typed');
  add('app-far', '--trusted=10.0.0.0/8');
  add('app-limited', '--calls-per-s=1', '--burst=2');
  add('app-ended', '--expires=2020-01-01');
  add('app-narrow', '--skew=30');
  await server.run();
  zvcms = new Zvcms(server);
  typed = client('app-typed');
});
after(async () => {
  const code = await server?.stop();
  await server?.close();
  assert.equal(code, 0);
});

const client = (id) => new Zvcms(server, { openId: id, secret: `secret-${id}`, grantCode: `grant-${id}` });
const system = (code, message) => ({ status: false, code, message });
const bad = (field) => ({ status: true, code: '10002', message: `参数错误:${field}` });
const missing = (field) => system('40005', `缺少参数:${field}`);
const nothing = { status: true, code: '10001', message: '查询的信息不存在' };
const found = (data) => ({ status: 'true', code: '0', message: 'success', data });

// ---- the document's example

test('one coupon, letter by letter', async () => {
  const reply = await zvcms.send(JSON.stringify(zvcms.envelope({ customerId, useStatus: '', cardId })));
  assert.equal(reply.status, 200);
  assert.equal(reply.type, 'application/json;charset=UTF-8');
  const { couponId, updatedAt } = JSON.parse(reply.text).data;
  assert.match(couponId, /^\d{18}$/);
  assert.match(updatedAt, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.equal(
    reply.text,
    `{"status":"true","code":"0","message":"success","data":{"beginAt":"2019-08-24 00:00:00","cardId":"${cardId}","channel":"${CHANNEL}","couponId":"${couponId}","couponType":"0","createdAt":"2019-10-15 17:10:28","customerId":"${customerId}","title":"","updatedAt":"${updatedAt}","useStatus":"0","templateId":"951","endAt":"2099-11-03 23:59:59","extra":""}}`,
  );
});
test('the document\'s request itself is stale or its token wrong, and says so', async () => {
  const reply = await zvcms.post({
    openId: DEMO.openId, grantCode: '782c281f62', timestamp: '1547186244', nonce: '658965',
    token: '0%2B%2B3c6hthjwAml4ABAXOYF4Q6UY%3D', params: { customerId, useStatus: '', cardId },
  });
  assert.deepEqual(reply, system('40004', 'timestamp已过期'));
});
test('all coupons of a customer, newest received first', async () => {
  const reply = await zvcms.call({ customerId });
  assert.deepEqual(reply.data.map((c) => c.cardId), ['z-recalled', 'z-expired', 'z-frozen', 'z-used', cardId]);
  assert.deepEqual(reply.data.map((c) => c.useStatus), ['7', '6', '2', '1', '0']);
  assert.deepEqual(reply.data.map((c) => c.couponType), ['5', '0', '0', '5', '0']);
  assert.deepEqual(reply.data.map((c) => c.templateId), ['952', '954', '953', '952', '951']);
  assert.equal(reply.data[3].title, '商品券 "五"元');
  assert.equal(reply.data[3].extra, '附加 "信息"');
  assert.equal(reply.data[3].beginAt, '');
  assert.equal(reply.data[3].endAt, '');
  for (const coupon of reply.data) for (const value of Object.values(coupon)) assert.equal(typeof value, 'string');
});
test('useStatus filters; expired is computed', async () => {
  for (const [useStatus, codes] of [[0, [cardId]], ['1', ['z-used']], [2, ['z-frozen']], ['6', ['z-expired']], [7, ['z-recalled']]]) {
    const reply = await zvcms.call({ customerId, useStatus });
    assert.deepEqual(reply.data.map((c) => c.cardId), codes);
  }
  assert.equal((await zvcms.call({ customerId, useStatus: null })).data.length, 5);
  assert.deepEqual(await zvcms.call({ customerId, useStatus: 1, cardId }), nothing);
  assert.equal((await zvcms.call({ customerId, useStatus: 0, cardId })).data.cardId, cardId);
});
test('useStatus: other values', async () => {
  for (const useStatus of [3, 4, '5', 8, -1, 'x', 1.5, true, [], {}, '1 ', '99999999999999999999']) assert.deepEqual(await zvcms.call({ customerId, useStatus }), bad('useStatus'));
});
test('nothing found', async () => {
  assert.deepEqual(await zvcms.call({ customerId, cardId: 'no-such' }), nothing);
  assert.deepEqual(await zvcms.call({ customerId, cardId: 'z-other' }), nothing);
  assert.deepEqual(await zvcms.call({ customerId: 'nobody', cardId }), nothing);
  assert.deepEqual(await zvcms.call({ customerId: 'nobody' }), found([]));
  assert.deepEqual(await zvcms.call({ customerId: '383933091455950003' }), found([]));
  assert.deepEqual(await zvcms.call({ customerId: '383933091455950003', useStatus: 0 }), found([]));
});
test('customerId and cardId', async () => {
  for (const value of [undefined, '', null]) assert.deepEqual(await zvcms.call({ customerId: value, cardId }), missing('customerId'));
  for (const value of [true, [], {}, 'a\u0001b']) {
    assert.deepEqual(await zvcms.call({ customerId: value }), bad('customerId'));
    assert.deepEqual(await zvcms.call({ customerId, cardId: value }), bad('cardId'));
  }
  assert.deepEqual(await zvcms.call({ customerId: 'x'.repeat(101) }), bad('customerId'));
  assert.deepEqual(await zvcms.call({ customerId, cardId: 'x'.repeat(101) }), bad('cardId'));
  assert.deepEqual(await zvcms.call({ customerId: '长'.repeat(100) }), found([]));
});
test('numbers where texts are meant, exact past 2^53, and unknown members', async () => {
  const envelope = zvcms.envelope({ customerId, cardId });
  const body = JSON.stringify(envelope).replace(`"${customerId}"`, customerId).replace(`"${cardId}"`, cardId).replace('{"customerId"', '{"more":{},"customerId"');
  assert.equal((await zvcms.send(body)).text.includes(`"cardId":"${cardId}"`), true);
  assert.equal((await zvcms.call({ customerId, cardId }, { extra: [1] })).code, '0');
});

// ---- the envelope

for (const field of ['openId', 'grantCode', 'token', 'timestamp', 'nonce', 'params']) {
  test(`without ${field}`, async () => {
    for (const value of [undefined, '', null]) {
      const v3 = zvcms.envelope({ customerId });
      v3[field] = value;
      assert.deepEqual(await zvcms.post(v3), missing(field));
      const v2 = zvcms.envelope({ customerId }, {}, { v2: true });
      const name = field[0].toUpperCase() + field.slice(1);
      v2[name] = value;
      assert.deepEqual(await zvcms.post(v2, { path: V2 }), missing(name));
    }
  });
}
test('what is missing first in the document\'s order is named', async () => {
  assert.deepEqual(await zvcms.post({}), missing('openId'));
  assert.deepEqual(await zvcms.post({ openId: 'x', nonce: '1' }), missing('grantCode'));
});
test('unknown openId', async () => {
  for (const openId of ['x', 'x'.repeat(3000), 'a\u0001', true, [1], 8888]) assert.deepEqual(await zvcms.call({ customerId }, { openId }), system('40002', 'openId错误'));
});
test('timestamps', async () => {
  // Each made when it is sent: calls before it may take their time.
  const second = (off = 0) => Math.floor(Date.now() / 1000) + off;
  const good = [() => String(second()), () => second(), () => String(second(-280)), () => String(second(290)), () => String(Date.now()), () => Date.now()];
  for (const make of good) assert.equal((await zvcms.call({ customerId }, { timestamp: make() })).code, '0', String(make));
  const past = [() => String(second(-310)), () => String(second(330)), () => '1547186244', () => String(Date.now() - 310e3), () => '0', () => '999999999999'];
  for (const make of past) assert.deepEqual(await zvcms.call({ customerId }, { timestamp: make() }), system('40004', 'timestamp已过期'), String(make));
  for (const timestamp of ['x', '-1', '1e9', '12345678901234', '2025-01-01 00:00:00', true, `${second()}.5`]) assert.deepEqual(await zvcms.call({ customerId }, { timestamp }), system('40004', 'timestamp错误'));
  assert.deepEqual(await client('app-narrow').call({ customerId }, { timestamp: String(second(-40)) }), system('40004', 'timestamp已过期'));
});
test('the token may be URL-encoded not at all, once or twice', async () => {
  for (const encodes of [0, 1, 2])
    for (let nonce = 0; nonce < 8; nonce++) assert.equal((await zvcms.call({ customerId, cardId }, { nonce: String(nonce) }, { encodes })).code, '0');
  assert.deepEqual(await zvcms.call({ customerId }, {}, { encodes: 3 }), system('40001', 'token错误'));
});
test('wrong tokens', async () => {
  for (const wrong of ['x', '%', '%zz', 'A'.repeat(28), 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'A'.repeat(5000), true, { a: 1 }]) assert.deepEqual(await zvcms.call({ customerId }, { token: wrong }), system('40001', 'token错误'));
  const other = new Zvcms(server, { ...DEMO, secret: 'wrong' });
  assert.deepEqual(await other.call({ customerId }), system('40001', 'token错误'));
  const envelope = zvcms.envelope({ customerId });
  for (const [field, value] of [['nonce', '1'], ['timestamp', String(Number(envelope.timestamp) - 1)], ['grantCode', 'x']]) assert.deepEqual(await zvcms.post({ ...envelope, [field]: value }), system('40001', 'token错误'));
});
test('wrong grantCode', async () => {
  for (const grantCode of ['782c281f63', 'x', '782c281f6', '782c281f622']) assert.deepEqual(await zvcms.call({ customerId }, { grantCode }), system('40003', 'grantCode错误'));
});
test('order of checks', async () => {
  const all = { openId: 'x', timestamp: '1', grantCode: 'x', token: 'x' };
  assert.equal((await zvcms.call({ customerId }, all)).code, '40002');
  delete all.openId;
  assert.equal((await zvcms.call({ customerId }, all)).code, '40004');
  delete all.timestamp;
  assert.equal((await zvcms.call({ customerId }, all)).code, '40001');
  delete all.token;
  assert.equal((await zvcms.call({}, all)).code, '40003');
});
test('trusted addresses', async () => {
  assert.equal((await client('app-far').call({ customerId })).code, '40002');
});
test('too many calls', async () => {
  for (let i = 0; i < 2; i++) assert.equal(String((await client('app-limited').call({ customerId })).status), 'true');
  assert.deepEqual(await client('app-limited').call({ customerId }), system('50001', '系统繁忙,请稍后再试'));
  await new Promise((done) => setTimeout(done, 1000));
  assert.equal(String((await client('app-limited').call({ customerId })).status), 'true');
});
test('a key that has ended reads like an unknown one', async () => {
  assert.deepEqual(await client('app-ended').call({ customerId }), await client('app-nobody').call({ customerId }));
});
test('the same call again is answered again', async () => {
  const envelope = zvcms.envelope({ customerId, cardId });
  assert.deepEqual(await zvcms.post(envelope), await zvcms.post(envelope));
});

// ---- how it is signed

for (const mode of ['hmac-sha1-kv', 'hmac-sha1-kv-params', 'tencent', 'wechat']) {
  test(`mode ${mode}`, async () => {
    const own = new Zvcms(server, modes[mode]);
    for (const v2 of [false, true])
      for (const nonce of ['658965', '1', '0999999999']) assert.equal((await own.call({ customerId, cardId }, { nonce }, { v2 })).code, '0');
    for (const other of Object.keys(modes)) {
      if (other === mode) continue;
      const wrong = new Zvcms(server, { ...modes[mode], mode: other });
      assert.deepEqual(await wrong.call({ customerId }), system('40001', 'token错误'), other);
    }
  });
}
test('hmac-sha1-kv-params protects params, which may also be signed last', async () => {
  const own = new Zvcms(server, modes['hmac-sha1-kv-params']);
  assert.equal((await own.call({ customerId, cardId }, {}, { last: true })).code, '0');
  const body = JSON.stringify(own.envelope({ customerId, cardId }));
  assert.equal(JSON.parse((await own.send(body)).text).code, '0');
  assert.equal(JSON.parse((await own.send(body.replace(cardId, 'z-used'))).text).code, '40001');
  assert.equal(JSON.parse((await own.send(body.replace('{"customerId"', '{ "customerId"'))).text).code, '40001');
});
test('tencent signs the path as sent', async () => {
  const own = new Zvcms(server, modes.tencent);
  const path = `/${V3}/`;
  assert.equal((await own.call({ customerId, cardId }, {}, { path })).code, '0');
  assert.equal((await own.post(own.envelope({ customerId }), { path })).code, '40001');
});

// ---- V2, forms, types

test('V2: PascalCase and Action', async () => {
  const reply = await zvcms.call({ customerId, cardId }, {}, { v2: true });
  assert.equal(reply.data.cardId, cardId);
  const post = (over) => zvcms.post({ ...zvcms.envelope({ customerId }, {}, { v2: true }), ...over }, { path: V2 });
  assert.deepEqual(await post({ Action: undefined }), missing('Action'));
  assert.deepEqual(await post({ Action: 'user.other' }), system('40006', '接口不存在'));
  assert.deepEqual(await zvcms.post(zvcms.envelope({ customerId }), { path: V2 }), missing('Action'));
});
test('form bodies', async () => {
  const form = (envelope, type = 'application/x-www-form-urlencoded', path = V3) => {
    const fields = Object.entries(envelope).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]);
    return zvcms.send(fields.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&'), { type, path }).then((r) => JSON.parse(r.text));
  };
  assert.equal((await form(zvcms.envelope({ customerId, cardId }))).data.cardId, cardId);
  assert.equal((await form(zvcms.envelope({ customerId, cardId }), 'text/plain')).data.cardId, cardId);
  assert.equal((await form(zvcms.envelope({ customerId, cardId }, {}, { v2: true }), undefined, V2)).data.cardId, cardId);
  assert.deepEqual(await form(zvcms.envelope('{"customerId":')), bad('params'));
  assert.deepEqual(await form(zvcms.envelope('x')), bad('params'));
  assert.deepEqual(await form(zvcms.envelope([])), missing('customerId'));
  const own = new Zvcms(server, modes['hmac-sha1-kv-params']);
  assert.equal((await form(own.envelope({ customerId, cardId }))).data.cardId, cardId);
});
test('a token that is not encoded in a form: + becomes a space', async () => {
  for (let nonce = 0, seen = false; !seen; nonce++) {
    const envelope = zvcms.envelope(JSON.stringify({ customerId, cardId }), { nonce: String(nonce) }, { encodes: 0 });
    seen = envelope.token.includes('+');
    if (!seen) continue;
    const body = Object.entries(envelope).map(([k, v]) => `${k}=${v}`).join('&');
    assert.equal(JSON.parse((await zvcms.send(body, { type: 'application/x-www-form-urlencoded' })).text).code, '0');
  }
});
test('multipart, as PHP\'s curl sends an array', async () => {
  const data = new FormData();
  for (const [k, v] of Object.entries(zvcms.envelope(JSON.stringify({ customerId, cardId })))) data.append(k, v);
  const reply = await fetch(server.url + V3, { method: 'POST', body: data });
  assert.equal((await reply.json()).data.cardId, cardId);
});
test('params as PHP writes them', async () => {
  assert.deepEqual(await zvcms.call([]), missing('customerId'));
  assert.equal((await zvcms.call(JSON.stringify({ customerId, cardId }))).data.cardId, cardId);
  for (const params of [[1], 'x', 5, true]) assert.deepEqual(await zvcms.call(params), bad('params'));
  assert.deepEqual(await zvcms.call('x', {}, { v2: true }), bad('Params'));
});
test('typed: boolean status and integer code throughout', async () => {
  const reply = await typed.call({ customerId, cardId });
  assert.equal(reply.status, true);
  assert.equal(reply.code, 0);
  assert.equal(reply.data.useStatus, '0');
  assert.deepEqual(await typed.call({ customerId, cardId: 'x' }), { ...nothing, code: 10001 });
  assert.deepEqual(await typed.call({ customerId, useStatus: 9 }), { ...bad('useStatus'), code: 10002 });
  assert.deepEqual(await typed.call({ customerId }, { grantCode: 'x' }), system(40003, 'grantCode错误'));
});

// ---- what is no call

test('bodies that cannot be read', async () => {
  const unreadable = system('40005', '缺少参数:请求内容无法解析');
  const bodies = ['{', '[]', '{}{}', '{"openId":1,}', "{'openId':1}", Buffer.from('{"openId":"\xff"}', 'latin1'), '{"a":'.repeat(65) + '1' + '}'.repeat(65), '['.repeat(100000)];
  for (const body of bodies) assert.deepEqual(JSON.parse((await zvcms.send(body)).text), unreadable, String(body).slice(0, 40));
  for (const body of ['', ' ', 'hello', '"x"', 'null']) assert.deepEqual(JSON.parse((await zvcms.send(body)).text), missing('openId'), body);
});
test('unknown interfaces and verbs', async () => {
  const gone = system('40006', '接口不存在');
  for (const path of ['/v3', '/v3/crm/coupon/other', '/v3/crm/coupon/getCustomerCoupons/x', '/v3/crm']) assert.deepEqual(await zvcms.post(zvcms.envelope({ customerId }), { path }), gone);
  for (const verb of ['GET', 'PUT', 'DELETE']) {
    const reply = await zvcms.send('{}', { verb });
    assert.equal(reply.status, 200);
    assert.equal(JSON.parse(reply.text).code, '40006');
  }
});
test('slashes count once', async () => {
  for (const path of [`${V3}/`, `/${V3}`, '/v3//crm/coupon///getCustomerCoupons']) assert.equal((await zvcms.call({ customerId, cardId }, {}, { path })).code, '0');
});
test('413 in plain text', async () => {
  const reply = await server.raw(`POST ${V3} HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n`);
  assert.match(reply, /^HTTP\/1\.1 413 /);
});
test('the signer: a digest worked out by hand', () => {
  const fields = { openId: DEMO.openId, grantCode: DEMO.grantCode, timestamp: '1547186244', nonce: '658965' };
  assert.equal(Buffer.from(token('hmac-sha1-kv', DEMO.secret, fields), 'base64').length, 20);
});
