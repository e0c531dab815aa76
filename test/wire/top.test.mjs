// Taobao Open Platform, bytes in and bytes out: the seed's example, carriers, signatures, the
// platform's errors in their order, every field, pages, batch.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { cli } from '../js/server.mjs';
import {
  DEMO, FORM, METHOD, ROOT, common, encode, find, multipart, post, query, send, sign, signed, signedText, stamp, stopClient,
} from '../js/top.mjs';
import { ATTRIBUTE, ODD, PAGED, SEED, STATES, startTop } from '../js/top_data.mjs';

const LOCKED = { key: '87654321', secret: 'locked-secret', token: 'locked-session' };
const LIMITED = { key: '87654323', secret: 'limited-secret' };
const ENDED = { key: '87654324', secret: 'ended-secret' };
const REVOKED = { key: '87654325', secret: 'revoked-secret' };
const FENCED = { key: '87654322', secret: 'fenced-secret' };
let top, server;

before(async () => {
  top = await startTop((dir) => {
    const add = (c, ...more) =>
      cli('credential', 'add', '--merchant=1', '--dialect=top', `--id=${c.key}`, `--secret=${c.secret}`, ...more, `--data=${dir}`);
    add(LOCKED, `--token=${LOCKED.token}`, '--require-session');
    add(FENCED, '--trusted=192.0.2.0/24');
    add(LIMITED, '--calls-per-s=1', '--burst=2');
    add(ENDED, '--expires=2020-01-01');
    add(REVOKED);
    cli('credential', 'change', '--dialect=top', `--id=${REVOKED.key}`, '--revoke', `--data=${dir}`);
  });
  server = top.server;
});
after(async () => {
  stopClient();
  await top?.close();
});

const one = (fields = {}) => query({ page_size: 10, page_num: 1, ...fields });
const REQUEST_ID = /^[0-9a-z]{13}$/;

function error(reply, code, sub) {
  const e = reply.json?.error_response;
  assert.ok(e, reply.text);
  assert.equal(reply.status, 200);
  assert.equal(e.code, code, reply.text);
  if (sub !== undefined) assert.equal(e.sub_code, sub);
  assert.match(e.request_id, REQUEST_ID);
  return e;
}

async function ok(reply) {
  reply = await reply;
  assert.equal(reply.status, 200);
  assert.ok(reply.json?.[ROOT]?.result, reply.text);
  return reply.json[ROOT].result;
}

// --- the seed's example

const seedCoupon = {
  status: '0', start_date: '2018-11-11', serller_id: '1', phone: SEED.phone, order_amount: '199', end_date: '2099-11-11',
  describe: '全场通用', coupon_name: '满199减99', coupon_id: '900011', coupon_code: SEED.code, coupon_amount: '99', channel: 'erp',
  card_no: SEED.card_no, bill_date: '2018-11-11', attribute: ATTRIBUTE, shop: '01,02', category: '1001,10012',
};
const seedQuery = one({ channel: 'erp', phone: SEED.phone, card_no: SEED.card_no, coupon_code: SEED.code });

test('the seed example as JSON, byte for byte', async () => {
  const reply = await post(server, common(seedQuery));
  const id = reply.json[ROOT].request_id;
  assert.match(id, REQUEST_ID);
  assert.equal(reply.type, 'text/javascript;charset=UTF-8');
  assert.equal(
    reply.text,
    JSON.stringify({
      [ROOT]: {
        result: {
          result: { current_page: 1, result_arr_list: { erp_coupon_d_t_o: [seedCoupon] }, total_count: 1, total_page: 1 },
          success: true,
        },
        request_id: id,
      },
    }),
  );
});

test('the seed example as XML, byte for byte', async () => {
  const reply = await post(server, common({ ...seedQuery, format: 'xml' }));
  const id = /<request_id>(.*)<\/request_id>/.exec(reply.text)[1];
  const members = Object.entries(seedCoupon).map(([k, v]) => `<${k}>${v.replaceAll('"', '&quot;')}</${k}>`).join('');
  assert.equal(reply.type, 'text/xml;charset=UTF-8');
  assert.match(id, REQUEST_ID);
  assert.equal(
    reply.text,
    `<?xml version="1.0" encoding="UTF-8"?><${ROOT}><result><result><current_page>1</current_page>` +
      `<result_arr_list><erp_coupon_d_t_o>${members}</erp_coupon_d_t_o></result_arr_list>` +
      `<total_count>1</total_count><total_page>1</total_page></result><success>true</success></result>` +
      `<request_id>${id}</request_id></${ROOT}>`,
  );
});

test('format is XML unless asked for', async () => {
  for (const format of [undefined, '']) {
    const reply = await post(server, common({ ...seedQuery, format }));
    assert.equal(reply.type, 'text/xml;charset=UTF-8');
    assert.ok(reply.text.startsWith(`<?xml version="1.0" encoding="UTF-8"?><${ROOT}>`));
  }
});

test('simplify drops the root and the item wrapper, in JSON only', async () => {
  const plain = (await post(server, common({ ...seedQuery, simplify: 'true' }))).json;
  assert.deepEqual(Object.keys(plain), ['result', 'request_id']);
  assert.deepEqual(plain.result.result.result_arr_list, [seedCoupon]);
  assert.match(plain.request_id, REQUEST_ID);
  const xml = await post(server, common({ ...seedQuery, simplify: 'true', format: 'xml' }));
  assert.ok(xml.text.includes(`<${ROOT}>`));
  const wrapped = await post(server, common({ ...seedQuery, simplify: 'false' }));
  assert.ok(wrapped.json[ROOT]);
  error(await post(server, common({ simplify: 'true' })), 40);
});

test('nothing found', async () => {
  const none = one({ phone: '10000000000' });
  assert.deepEqual(await ok(post(server, common(none))), {
    error_code: 'QUERY_RESULT_EMPTY',
    error_msg: '查询为空',
    result: { current_page: 1, total_count: 0, total_page: 0 },
    success: false,
  });
  const third = await ok(post(server, common(one({ phone: '10000000000', page_num: 3 }))));
  assert.equal(third.result.current_page, 3);
  const xml = await post(server, common({ ...none, format: 'xml' }));
  assert.ok(xml.text.includes('<error_code>QUERY_RESULT_EMPTY</error_code><error_msg>查询为空</error_msg>'));
  assert.ok(!xml.text.includes('result_arr_list'));
});

test('absent members are left out, odd text survives in both formats', async () => {
  const { result } = await find(server, { phone: ODD.phone });
  assert.deepEqual(result.result_arr_list.erp_coupon_d_t_o, [
    { status: '0', serller_id: '1', phone: ODD.phone, coupon_name: 'bare', coupon_id: '900013', coupon_code: 'odd-2', bill_date: '2020-01-02' },
    {
      status: '0', serller_id: '1', phone: ODD.phone, end_date: '2099-12-31', coupon_name: 'a<b>&"c"\\', coupon_id: '900012',
      coupon_code: 'odd-1', coupon_amount: '99.50', bill_date: '2020-01-01', attribute: 'x < y & "z"\ttab',
    },
  ]);
  const xml = await post(server, common({ ...one({ phone: ODD.phone }), format: 'xml' }));
  assert.ok(xml.text.includes('<coupon_name>a&lt;b&gt;&amp;&quot;c&quot;\\</coupon_name>'));
  const nobody = await find(server, { coupon_code: 'nobody-1' });
  assert.deepEqual(nobody.result.result_arr_list.erp_coupon_d_t_o, [
    { status: '0', serller_id: '1', coupon_name: 'bare', coupon_id: '900013', coupon_code: 'nobody-1', channel: 'nobody', bill_date: '2020-01-02' },
  ]);
});

test('status: unused, used, expired, frozen, void', async () => {
  const { result } = await find(server, { phone: STATES.phone });
  const shown = Object.fromEntries(result.result_arr_list.erp_coupon_d_t_o.map((c) => [c.coupon_code, c.status]));
  assert.deepEqual(shown, {
    'state-unused': '0', 'state-redeemed': '1', 'state-frozen': '3', 'state-recalled': '4',
    'ended-unused': '2', 'ended-redeemed': '1', 'ended-frozen': '3', 'ended-recalled': '4',
  });
});

// --- filters and pages

test('filters are AND-ed', async () => {
  const count = async (f) => (await find(server, f)).result.total_count;
  assert.equal(await count({ phone: SEED.phone }), 2);
  assert.equal(await count({ phone: SEED.phone, channel: 'shop' }), 1);
  assert.equal(await count({ card_no: SEED.card_no }), 2);
  assert.equal(await count({ card_no: SEED.card_no, phone: SEED.phone }), 2);
  assert.equal(await count({ card_no: SEED.card_no, phone: PAGED.phone }), 0);
  assert.equal(await count({ coupon_code: SEED.code, channel: 'shop' }), 0);
  assert.equal(await count({ coupon_code: '111bbb', channel: 'shop' }), 1);
  assert.equal(await count({ phone: PAGED.phone, channel: 'fifth' }), 5);
  assert.equal(await count({ channel: 'fifth' }), 5);
  assert.equal(await count({ coupon_code: '111AAA-T' }), 0);
  assert.ok((await count({})) > 40);
});

test('every page, exactly', async () => {
  for (const page_size of [1, 7, 10, 25, 26, 100]) {
    const pages = Math.ceil(PAGED.count / page_size);
    const codes = [];
    for (let page_num = 1; page_num <= pages; page_num++) {
      const { result, success } = await find(server, { phone: PAGED.phone, page_size, page_num });
      assert.equal(success, true);
      assert.deepEqual([result.current_page, result.total_count, result.total_page], [page_num, PAGED.count, pages]);
      codes.push(...result.result_arr_list.erp_coupon_d_t_o.map((c) => c.coupon_code));
    }
    const expected = Array.from({ length: PAGED.count }, (_, i) => `page-${String(PAGED.count - i).padStart(2, '0')}`);
    assert.deepEqual(codes, expected);
  }
});

test('a page past the end is a success without a list', async () => {
  for (const page_num of [4, 1e6, 9007199254740991]) {
    const { result, success, error_code } = await find(server, { phone: PAGED.phone, page_num });
    assert.deepEqual([success, error_code], [true, undefined]);
    assert.deepEqual(result, { current_page: page_num, total_count: PAGED.count, total_page: 3 });
  }
  const text = (await post(server, common(query({ page_size: 100, page_num: '9223372036854775807', phone: PAGED.phone })))).text;
  assert.ok(text.includes('"current_page":9223372036854775807,"total_count":25,'), text);
});

// --- the envelope

test('the published example of the signature', () => {
  const params = {
    app_key: '12345678', fields: 'num_iid,title,nick,price,num', format: 'json', method: 'taobao.item.seller.get',
    num_iid: '11223344', session: 'test', sign_method: 'md5', timestamp: '2016-01-01 12:00:00', v: '2.0',
  };
  assert.equal(sign(params, 'helloworld'), '66987CB115214E59E6EC978214934FB8');
});

test('the three sign methods, a missing one is md5, hex of either case', async () => {
  for (const sign_method of ['md5', 'hmac', 'hmac-sha256', undefined, '']) {
    const params = signed(common({ ...seedQuery, sign_method }));
    await ok(send(server, { body: encode(params), headers: FORM }));
    params.sign = params.sign.toLowerCase();
    await ok(send(server, { body: encode(params), headers: FORM }));
  }
});

test('a signature of another method, length, secret or text is refused', async () => {
  const good = signed(common(seedQuery));
  const tries = {
    'other method': { ...good, sign: sign({ ...good, sign_method: 'hmac' }, DEMO.secret) },
    'other secret': signed(common(seedQuery), { ...DEMO, secret: 'helloworlD' }),
    'cut off': { ...good, sign: good.sign.slice(0, -1) },
    'too long': { ...good, sign: good.sign + '0' },
    'no hex': { ...good, sign: 'Z'.repeat(32) },
    'a changed value': { ...good, query_d_t_o: good.query_d_t_o + ' ' },
    'an added parameter': { ...good, extra: '1' },
    'unknown method': { ...good, sign_method: 'sha1' },
    'legacy: no secret behind': { ...good, sign: sign({ a: '' }, '') },
  };
  for (const [what, params] of Object.entries(tries))
    assert.equal((await send(server, { body: encode(params), headers: FORM })).json.error_response?.code, 25, what);
});

test('names are sorted by bytes', async () => {
  await ok(post(server, common({ ...seedQuery, B: '1', a: '2', _c: '3', Aa: '4', é: '5', '中': '6', '\u{1F600}': '7', '\uFF5E': '8' })));
});

test('empty values signed or left out', async () => {
  const params = common({ ...seedQuery, session: '', partner_id: '', simplify: '' });
  for (const dropEmpty of [true, false])
    await ok(send(server, { body: encode(signed(params, DEMO, { dropEmpty })), headers: FORM }));
});

test('timestamps: text of GMT+8, milliseconds, seconds', async () => {
  // Each made when it is sent: calls before it may take their time.
  const good = [() => stamp(), () => stamp(-580), () => stamp(590), () => String(Date.now()), () => String(Math.floor(Date.now() / 1000))];
  for (const make of good) await ok(post(server, common({ ...seedQuery, timestamp: make() })));
  error(await post(server, common({ ...seedQuery, timestamp: stamp(630) })), 31);
  const wrong = [stamp(-620), String(Date.now() - 620e3), 'now', '2018-02-30 00:00:00', new Date().toISOString(), '1', stamp().slice(0, 16)];
  for (const timestamp of wrong) error(await post(server, common({ ...seedQuery, timestamp })), 31);
});

test('parameters by every carrier', async () => {
  const params = signed(common({ ...seedQuery, sign_method: 'hmac-sha256' }));
  const text = encode(params);
  const half = Object.keys(params).length / 2;
  const first = encode(Object.fromEntries(Object.entries(params).slice(0, half)));
  const second = encode(Object.fromEntries(Object.entries(params).slice(half)));
  const parts = Object.entries(params).map(([name, value]) => ({ name, value }));
  const file = { name: 'photo', value: Buffer.from([0xff, 0xfe, 0]), filename: 'a.png' };
  const ways = {
    'query of a GET': { verb: 'GET', path: `/router/rest?${text}` },
    'query of a POST': { path: `/router/rest?${text}` },
    'query, empty body of a form': { path: `/router/rest?${text}`, headers: FORM, body: '' },
    'query of a GET that says gbk': { verb: 'GET', path: `/router/rest?${text}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=gbk' } },
    'form': { body: text, headers: FORM },
    'form without a type': { body: text },
    'form of a GET': { verb: 'GET', body: text, headers: FORM },
    'half and half': { path: `/router/rest?${first}`, body: second, headers: FORM },
    'half and half of a GET': { verb: 'GET', path: `/router/rest?${first}`, body: second, headers: FORM },
    'the same twice': { path: `/router/rest?${text}`, body: text, headers: FORM },
    'multipart': multipart(parts),
    'multipart, tight': multipart(parts, { tight: true }),
    'multipart, old Python': multipart(parts, { disposition: 'file' }),
    'multipart with a file': multipart([...parts, file]),
    'multipart, half in the query': { path: `/router/rest?${first}`, ...multipart(parts.slice(half)) },
    'slashes': { path: `//router//rest/?${text}` },
    'plus for space': { path: `/router/rest?${text.replaceAll('%20', '+')}` },
  };
  for (const [what, request] of Object.entries(ways)) {
    const reply = await send(server, request);
    assert.equal(reply.json?.[ROOT]?.result.success, true, `${what}: ${reply.text}`);
  }
});

test('the same name with two values is a wrong signature', async () => {
  const text = encode(signed(common(seedQuery)));
  error(await send(server, { path: '/router/rest?v=2.0&v=2.1', body: text, headers: FORM }), 25);
  error(await send(server, { path: '/router/rest?extra=1', body: text, headers: FORM }), 25);
  await ok(send(server, { path: '/router/rest?v=2.0&v=2.0', body: text, headers: FORM }));
});

test('a JSON, XML or plain text body ends the signed text', async () => {
  const body = '<x>值</x>';
  for (const type of ['application/json', 'application/json;charset=utf-8', 'text/xml', 'application/xml', 'text/plain;charset=UTF-8']) {
    const headers = { 'Content-Type': type };
    const path = `/router/rest?${encode(signed(common(seedQuery), DEMO, { body }))}`;
    await ok(send(server, { path, body, headers }));
    error(await send(server, { path, body: body + ' ', headers }), 25);
  }
  for (const body of [JSON.stringify({ query_d_t_o: JSON.parse(seedQuery.query_d_t_o) }), JSON.stringify(seedQuery)]) {
    const path = `/router/rest?${encode(signed(common(), DEMO, { body }))}`;
    const result = await ok(send(server, { path, body, headers: { 'Content-Type': 'application/json' } }));
    assert.equal(result.result.total_count, 1);
  }
});

test('sessions', async () => {
  error(await post(server, common({ ...seedQuery, session: 'x' })), 27);
  error(await post(server, common(seedQuery, LOCKED), LOCKED), 26);
  error(await post(server, common({ ...seedQuery, session: '' }, LOCKED), LOCKED), 26);
  error(await post(server, common({ ...seedQuery, session: 'x' }, LOCKED), LOCKED), 27);
  await ok(post(server, common({ ...seedQuery, session: LOCKED.token }, LOCKED), LOCKED));
});

test('trusted addresses, asked after session', async () => {
  const e = error(await post(server, common(seedQuery, FENCED), FENCED), 11, 'isv.permission-ip-whitelist-limit');
  assert.equal(e.msg, 'Insufficient isv permissions');
  error(await post(server, common({ ...seedQuery, session: 'x' }, FENCED), FENCED), 27);
});

test('a credential that calls too often is told how long to wait, and that is true', async () => {
  const call = () => post(server, common(seedQuery, LIMITED), LIMITED);
  const forged = { ...LIMITED, secret: 'guessed' };
  for (let i = 0; i < 5; i++) error(await post(server, common(seedQuery, forged), forged), 25); // costs the key nothing
  await ok(call());
  await ok(call());
  const reply = await call();
  const e = error(reply, 7, 'accesscontrol.limited-by-app-access-count');
  const seconds = Number(/^This ban will last for (\d+) more seconds$/.exec(e.sub_msg)[1]);
  assert.equal(reply.headers['retry-after'], String(seconds));
  await new Promise((r) => setTimeout(r, seconds * 1000));
  await ok(call());
  await ok(post(server, common(seedQuery))); // others are not asked to wait
});

test('a key that has ended reads like an unknown one, whatever its signature', async () => {
  const unknown = error(await post(server, common(seedQuery, { key: '1', secret: 'x' }), { key: '1', secret: 'x' }), 29);
  for (const c of [ENDED, REVOKED, { ...ENDED, secret: 'wrong' }])
    assert.deepEqual({ ...error(await post(server, common(seedQuery, c), c), 29), request_id: '' }, { ...unknown, request_id: '' });
});

// --- the platform's errors, in their order

test('a request with several faults is answered with the first', async () => {
  // From worst to best: each row repairs what the row before was refused for.
  const rows = [
    [9, { verb: 'PUT', bad: true, method: undefined }],
    [47, { verb: 'POST' }],
    [21, { bad: false }],
    [22, { method: 'taobao.item.get' }],
    [28, { method: METHOD }],
    [29, { app_key: '999' }],
    [30, { app_key: DEMO.key }],
    [31, { timestamp: 'x' }],
    [31, { timestamp: stamp(-700) }],
    [32, { timestamp: stamp() }],
    [33, { v: 'x' }],
    [34, { v: '1.0' }],
    [23, { v: '2.0' }, 'xml'],
    [24, { format: 'json' }],
    [25, { sign: 'x' }],
    [27, { signs: true }],
    [40, { session: undefined }],
    [41, { query_d_t_o: '[]' }],
  ];
  let state = { method: undefined, app_key: undefined, timestamp: undefined, v: undefined, format: 'yaml', session: 'x', sign_method: 'md5' };
  for (const [code, change, format] of rows) {
    state = { ...state, ...change };
    const { verb, bad, signs, ...all } = state;
    const params = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
    if (signs) params.sign = sign(params, DEMO.secret);
    const reply = await send(server, { verb, body: encode(params) + (bad ? '&x=%FF' : ''), headers: FORM });
    if (all.format === 'json') error(reply, code);
    else assert.match(reply.text, new RegExp(`^<\\?xml version="1.0" encoding="UTF-8"\\?><error_response><code>${code}</code><msg>`), format);
    assert.equal(reply.status, 200);
  }
});

test('errors: members, messages, both formats', async () => {
  const e = error(await post(server, common()), 40);
  assert.deepEqual(e, {
    code: 40, msg: 'Missing required arguments', sub_code: 'isv.missing-parameter:page_size', sub_msg: '缺少必要参数', request_id: e.request_id,
  });
  const reply = await post(server, common({ format: 'xml', query_d_t_o: '{' }));
  assert.match(
    reply.text,
    /^<\?xml version="1.0" encoding="UTF-8"\?><error_response><code>41<\/code><msg>Invalid arguments<\/msg><sub_code>isv.invalid-parameter:query_d_t_o<\/sub_code><sub_msg>非法参数<\/sub_msg><request_id>[0-9a-z]{13}<\/request_id><\/error_response>$/,
  );
  assert.equal(reply.type, 'text/xml;charset=UTF-8');
  const messages = {
    21: [{ method: undefined }, 'Missing method'],
    22: [{ method: 'batch' }, 'Invalid method'],
    23: [{ format: 'JSON' }, 'Invalid format'],
    25: [{ sign_method: 'sha256' }, 'Invalid signature'],
    28: [{ app_key: '' }, 'Missing app key'],
    29: [{ app_key: 'k'.repeat(5000) }, 'Invalid app Key'],
    30: [{ timestamp: '' }, 'Missing timestamp'],
    31: [{ timestamp: '0' }, 'Invalid timestamp'],
    32: [{ v: '' }, 'Missing version'],
    33: [{ v: '2.' }, 'Invalid version'],
    34: [{ v: '2.0.1' }, 'Unsupported version'],
  };
  for (const [code, [change, msg]] of Object.entries(messages)) {
    const text = (await post(server, common({ ...seedQuery, ...change }))).text;
    assert.ok(text.includes(msg) && text.includes(code), text);
  }
  const unsigned = await send(server, { body: encode(common(seedQuery)), headers: FORM });
  assert.equal(error(unsigned, 24).msg, 'Missing signature');
  assert.ok(!('sub_code' in unsigned.json.error_response));
});

test('other verbs: 9', async () => {
  const params = signed(common(seedQuery));
  for (const verb of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const reply = await send(server, { verb, path: `/router/rest?${encode(params)}` });
    assert.equal(error(reply, 9).msg, 'Http action not allowed');
  }
  // npm node-taobao-topclient with another verb: the map as a JSON text in JSON
  const reply = await send(server, { verb: 'PUT', body: JSON.stringify(JSON.stringify(params)), headers: { 'Content-Type': 'application/json' } });
  assert.ok(reply.text.includes('<code>9</code>'), reply.text);
});

test('not UTF-8, bad escapes: 47', async () => {
  const good = encode(signed(common(seedQuery)));
  const bodies = [`${good}&x=%C3`, `${good}&%FF=1`, `${good}&x=%ED%A0%80`, `${good}&x=%C0%AF`, `${good}&x=%zz`, `${good}&x=%`];
  for (const body of bodies) assert.equal(error(await send(server, { body, headers: FORM }), 47).msg, 'Invalid encoding');
  const raw = Buffer.concat([Buffer.from(`${good}&x=`), Buffer.from([0xd6, 0xd0])]); // GBK
  error(await send(server, { body: raw, headers: FORM }), 47);
  error(await send(server, { path: `/router/rest?${good}`, body: Buffer.from([0xff]), headers: { 'Content-Type': 'application/json' } }), 47);
});

test('a body over the cap: 413 in plain text', async () => {
  const reply = await server.raw(
    `POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n`, 500);
  assert.match(reply, /^HTTP\/1\.1 413 /);
  assert.match(reply, /text\/plain/);
  const big = await post(server, common({ ...seedQuery, x: 'y'.repeat(1e6) }));
  await ok(big);
});

// --- the fields of query_d_t_o

const refusedField = async (fields, code, name) => {
  const reply = await post(server, common({ query_d_t_o: typeof fields === 'string' ? fields : JSON.stringify(fields) }));
  const kind = code === 40 ? 'missing' : 'invalid';
  error(reply, code, `isv.${kind}-parameter:${name}`);
};

test('page_size and page_num: missing, wrong, out of range', async () => {
  const good = { page_size: 10, page_num: 1 };
  for (const name of ['page_size', 'page_num']) {
    for (const value of [undefined, null, '']) await refusedField({ ...good, [name]: value }, 40, name);
    for (const value of [0, -1, 1.5, 'x', '1x', ' 1', true, {}, [], '99999999999999999999']) await refusedField({ ...good, [name]: value }, 41, name);
    await refusedField(`{"page_size":10,"page_num":1,"${name}":99999999999999999999}`, 41, name);
  }
  await refusedField({ ...good, page_size: 101 }, 41, 'page_size');
  await refusedField({}, 40, 'page_size');
  await refusedField({ page_size: 10 }, 40, 'page_num');
  await refusedField({ page_size: 0 }, 40, 'page_num');
  for (const n of [1, '1', 100, '100']) assert.equal((await find(server, { page_size: n })).success, true);
  assert.equal((await find(server, { page_num: '2', phone: PAGED.phone })).result.current_page, 2);
});

test('query_d_t_o: absent, malformed', async () => {
  error(await post(server, common({})), 40, 'isv.missing-parameter:page_size');
  error(await post(server, common({ query_d_t_o: '' })), 40, 'isv.missing-parameter:page_size');
  for (const text of ['x', '{', '[]', '"a"', '1', '{"page_size":1,}', '{"page_size":01,"page_num":1}', `${'['.repeat(70)}${']'.repeat(70)}`, '{"a":"\\ud800"}'])
    await refusedField(text, 41, 'query_d_t_o');
});

test('text filters: bounds, types, null', async () => {
  for (const name of ['channel', 'phone', 'card_no', 'coupon_code']) {
    const value = (v) => ({ page_size: 1, page_num: 1, [name]: v });
    for (const v of [{}, [], true, 'a\u0001b', 'x'.repeat(101), '字'.repeat(101)]) await refusedField(value(v), 41, name);
    for (const v of ['x'.repeat(100), '字'.repeat(100)]) assert.equal((await find(server, value(v))).error_code, 'QUERY_RESULT_EMPTY');
    for (const v of [null, '']) assert.ok((await find(server, value(v))).result.total_count > 40);
  }
  assert.equal((await find(server, { phone: Number(SEED.phone) })).result.total_count, 2);
});

test('member order, white space, escapes, unknown and repeated members', async () => {
  const texts = [
    ` { "phone" : "${SEED.phone}" ,\n"page_num":1,"page_size" : "10" } `,
    `{"page_size":10,"page_num":1,"ph\\u006fne":"\\u0031${SEED.phone.slice(1)}","more":{"x":[1,2,{}]}}`,
    `{"page_size":0,"page_size":10,"page_num":1.0,"phone":"${SEED.phone}"}`,
  ];
  for (const query_d_t_o of texts) assert.equal((await ok(post(server, common({ query_d_t_o })))).result.total_count, 2);
});

// --- HTTP

test('gzip only when asked for and worth it', async () => {
  const params = encode(signed(common(query({ page_size: 25, page_num: 1, phone: PAGED.phone }))));
  const headers = { ...FORM, 'Accept-Encoding': 'gzip' };
  const zipped = await send(server, { body: params, headers });
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.equal(zipped.json[ROOT].result.result.result_arr_list.erp_coupon_d_t_o.length, 25);
  assert.equal((await send(server, { body: params, headers: FORM })).headers['content-encoding'], undefined);
  const small = await send(server, { body: encode(signed(common())), headers });
  assert.equal(small.headers['content-encoding'], undefined);
});

test('two calls in one connection, a GET with a body between them', async () => {
  const text = encode(signed(common(seedQuery)));
  const get = `GET /router/rest HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  const out = await server.raw(get + get + get);
  assert.equal(out.split('HTTP/1.1 200 OK').length - 1, 3);
  assert.equal(out.split(`"coupon_code":"${SEED.code}"`).length - 1, 3);
});

// --- batch

const SEP = '\r\n-S-\r\n';
const PLAIN = { 'Content-Type': 'text/plain;charset=utf-8' };

function batch(body, { extra = {}, credential = DEMO, headers = {}, verb } = {}) {
  const params = common({ method: undefined, sign_method: 'hmac', ...extra }, credential);
  const path = `/router/batch?${encode(signed(params, credential, { body }))}`;
  return send(server, { verb, path, body, headers: { ...PLAIN, ...headers } });
}
const callOf = (fields, more = {}) => encode({ method: METHOD, ...query({ page_size: 10, page_num: 1, ...fields }), ...more });
const codes = (text, separator = SEP) =>
  text.split(separator).map((t) => {
    const o = JSON.parse(t);
    assert.match((o.error_response ?? o[ROOT] ?? o).request_id, REQUEST_ID);
    return o.error_response?.code ?? (o[ROOT] ?? o).result.result.total_count;
  });

test('batch: replies in order, faults in their place', async () => {
  const reply = await batch(
    [callOf({ phone: SEED.phone }), callOf({ page_size: 0 }), 'N', encode({ method: 'x' }), callOf({ phone: 'none' }), callOf({}, { session: 'x' }), 'x=%FF', callOf({ phone: PAGED.phone })].join(SEP),
  );
  assert.equal(reply.status, 200);
  assert.equal(reply.type, 'text/javascript;charset=UTF-8');
  assert.deepEqual(codes(reply.text), [2, 41, 21, 22, 0, 27, 47, 25]);
});

test('batch: #PUBLIC#, N, the URL, and what a call says itself', async () => {
  const common1 = `#PUBLIC#${encode({ method: METHOD, ...one({ phone: SEED.phone }) })}`;
  assert.deepEqual(codes((await batch([common1, 'N', encode(one({ phone: PAGED.phone })), 'N', encode({ method: 'x' })].join(SEP))).text), [2, 25, 2, 22]);
  const body = [encode(one({ phone: SEED.phone })), encode(one({ phone: PAGED.phone }))].join(SEP);
  assert.deepEqual(codes((await batch(body, { extra: { method: METHOD } })).text), [2, 25]);
  assert.deepEqual(codes((await batch(callOf({ phone: SEED.phone }))).text), [2]);
});

test('batch: the separator of the header', async () => {
  const headers = { 'top-api-separator': '||next||' };
  const reply = await batch([`#PUBLIC#method=${METHOD}`, encode(one({ phone: SEED.phone })), 'N'].join('||next||'), { headers });
  assert.deepEqual(codes(reply.text, '||next||'), [2, 40]);
});

test('batch: formats', async () => {
  const body = [callOf({ phone: SEED.phone }), callOf({ page_size: 0 })].join(SEP);
  const xml = await batch(body, { extra: { format: 'xml' } });
  assert.equal(xml.type, 'text/xml;charset=UTF-8');
  const [first, second] = xml.text.split(SEP);
  assert.ok(first.startsWith(`<?xml version="1.0" encoding="UTF-8"?><${ROOT}>`) && first.endsWith(`</${ROOT}>`));
  assert.ok(second.startsWith('<?xml version="1.0" encoding="UTF-8"?><error_response><code>41</code>'));
  const plain = JSON.parse((await batch(body, { extra: { simplify: 'true' } })).text.split(SEP)[0]);
  assert.equal(plain.result.result.result_arr_list.length, 2);
});

test('batch: 20 calls are served, 21 and none are not', async () => {
  const calls = (n) => Array(n).fill(callOf({ phone: SEED.phone })).join(SEP);
  assert.deepEqual(codes((await batch(calls(20))).text), Array(20).fill(2));
  error(await batch(calls(21)), 41);
  error(await batch(''), 40);
  error(await batch(`#PUBLIC#method=${METHOD}`), 40);
});

test('batch: one signature over URL and body', async () => {
  const body = callOf({ phone: SEED.phone });
  const params = common({ method: undefined, sign_method: 'hmac-sha256' });
  const path = `/router/batch?${encode(signed(params, DEMO, { body }))}`;
  assert.deepEqual(codes((await send(server, { path, body, headers: PLAIN })).text), [2]);
  error(await send(server, { path, body: body + '&x=1', headers: PLAIN }), 25);
  error(await batch(body, { extra: { app_key: '1' } }), 29);
  error(await batch(body, { extra: { session: 'x' } }), 27);
  error(await batch(body, { verb: 'GET' }), 9);
  error(await send(server, { path, body: Buffer.from([0xff]), headers: PLAIN }), 47);
  error(await batch(body, { credential: FENCED }), 11);
});

test('batch: a session for all or with each call', async () => {
  const body = [callOf({ phone: SEED.phone }, { session: LOCKED.token }), callOf({ phone: SEED.phone })].join(SEP);
  assert.deepEqual(codes((await batch(body, { credential: LOCKED })).text), [2, 26]);
  assert.deepEqual(codes((await batch(body, { credential: LOCKED, extra: { session: LOCKED.token } })).text), [2, 2]);
});

test('the signed text has no separators', () => {
  assert.equal(signedText({ foo: '1', bar: '2', baz: '3', sign: 'x' }), 'bar2baz3foo1');
});
