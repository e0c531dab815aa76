// The WangJuBao dialect on the wire: every method, every refusal, the SPI.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, cli } from '../js/server.mjs';
import { DEMO, Wjb, send, sign, stamp } from '../js/wjb.mjs';

const DAY = 24 * 3600e3;
const QUERY = { app_key: '100000002', secret: 'query secret 密', access_token: 'token-2' };
const BODY = { app_key: '100000003', secret: 'body-secret', access_token: 'token-3' };
const SHUT = { app_key: '100000004', secret: 'shut-secret', access_token: 'token-4' };
const SLOW = { app_key: '100000005', secret: 'slow-secret', access_token: 'token-5' };
const LIMITED = { app_key: '100000006', secret: 'limited-secret', access_token: 'token-6' };
const ENDED = { app_key: '100000007', secret: 'ended-secret', access_token: 'token-7' };
const OTHER = { app_key: '200000001', secret: 'other-secret', access_token: 'other-token' };

let root, server, demo, other;

function credential(dir, merchant, c, ...more) {
  cli('credential', 'add', `--data=${dir}`, `--merchant=${merchant}`, '--dialect=wjb', `--id=${c.app_key}`,
    `--secret=${c.secret}`, `--token=${c.access_token}`, ...more);
}

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'couponry-wjb-'));
  const dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  cli('merchant', 'add', `--data=${dir}`, '--name=other');
  credential(dir, 1, QUERY, '--sign-mode=query');
  credential(dir, 1, BODY, '--sign-mode=query+body');
  credential(dir, 1, SHUT, '--trusted=10.1.2.0/24');
  credential(dir, 1, LIMITED, '--calls-per-s=1', '--burst=2');
  credential(dir, 1, ENDED, '--expires=2020-01-01');
  credential(dir, 1, SLOW, '--skew=5');
  credential(dir, 2, OTHER);
  const csv = join(root, 'templates.csv');
  writeFileSync(csv, 'template_id,name,type,amount,threshold,begin_at,end_at\n' +
    '880001,from a file,1,99.5,200,2024-01-01 00:00:00,2099-12-31 23:59:59\n880002,bare,,,,,\n');
  cli('import', 'templates', csv, `--data=${dir}`, '--merchant=2');
  server = await Server.start({ dir, demo: false });
  demo = new Wjb(server.port);
  other = new Wjb(server.port, OTHER);
});
after(async () => {
  await server?.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

let lastId = 70000000;
const newId = () => ++lastId;
const refused = (r, code, message) => {
  assert.equal(r.status, 200);
  assert.equal(r.json?.response?.code, code, r.text);
  assert.deepEqual(Object.keys(r.json), ['response']);
  assert.deepEqual(Object.keys(r.json.response), ['code', 'error_message']);
  if (message instanceof RegExp) assert.match(r.json.response.error_message, message);
  else if (message !== undefined) assert.equal(r.json.response.error_message, message);
};
const done = (r) => assert.equal(r.text, '{"response":{"code":0}}');
const coupon = async (members = {}, client = demo) => {
  const coupon_id = members.coupon_id ?? newId();
  done(await client.call('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'c', ...members } }));
  return coupon_id;
};
const activity = async (members = {}, client = demo) =>
  (await client.ok('wjb.ump.activity.add', { activity: { name: 'a', ...members } })).activity_id;
/** All of a list, page by page. */
const all = async (what, client = demo) => {
  const rows = [];
  for (let page_no = 1; ; page_no++) {
    const r = await client.ok(`wjb.ump.${what}.list`, { page_no, page_size: 50 });
    const page = r.coupons ?? r.activities;
    rows.push(...page);
    if (r.activities ? !r.has_next : rows.length >= r.Total_result || !page.length) return rows;
  }
};
/** The bytes of one listed object: what stands around `mark` in the newest page. */
const listedText = async (what, mark, client = demo) => {
  const r = await client.call(`wjb.ump.${what}.list`, { page_size: 50 });
  const at = r.text.indexOf(mark);
  assert.ok(at > 0, `${mark} is not listed`);
  let begin = at, depth = 0;
  while (depth || r.text[begin] !== '{') {
    if (r.text[begin] === '}') depth++;
    if (r.text[begin] === '{') depth--;
    begin--;
  }
  let end = at;
  for (depth = 1; depth; end++) {
    if (r.text[end] === '{') depth++;
    if (r.text[end] === '}') depth--;
  }
  return r.text.slice(begin, end);
};

describe('the signer of these tests', () => {
  test('the example of the vendor page', () => {
    assert.equal(sign({ foo: '1', bar: '2', baz: '3' }, 'secret123'), 'DFF9B983C6E1C37B3683AE79D20480E6');
  });
});

describe('envelope', () => {
  const list = (o, body = {}) => demo.call('wjb.ump.coupon.list', body, o);

  test('reply: type and status', async () => {
    const r = await list();
    assert.equal(r.status, 200);
    assert.equal(r.headers['content-type'], 'application/json;charset=UTF-8');
    assert.equal(r.json.response.code, 0);
  });
  for (const path of ['/rest/ump', '/rest/trade', '//rest/trade', '/rest/', '/router/rest', '//router//rest/'])
    test(`path ${path}`, async () => assert.equal((await list({ path })).json?.response?.code, 0));
  for (const type of ['application/json', 'text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', ''])
    test(`JSON body of type "${type}"`, async () => assert.equal((await list({ type }, { page_size: 1 })).json.response.coupons.length, 1));
  test('verbs', async () => {
    for (const verb of ['PUT', 'DELETE', 'PATCH']) refused(await list({ verb }), 9, 'Http action not allowed');
    refused(await demo.call('wjb.ump.coupon.add', undefined, { verb: 'GET' }), 9);
    refused(await demo.call('wjb.ump.activity.add', undefined, { verb: 'GET' }), 9);
    refused(await demo.call('wjb.ump.activity.modify', undefined, { verb: 'GET' }), 9);
    refused(await demo.call('wjb.ump.activity.target.add', undefined, { verb: 'GET' }), 9);
    const r = await demo.call('wjb.ump.coupon.list', undefined, { verb: 'GET', params: { page_size: '1' } });
    assert.equal(r.json.response.coupons.length, 1);
  });
  test('method', async () => {
    refused(await demo.call(null), 21, 'Missing method');
    refused(await demo.call(''), 21);
    refused(await demo.call('wjb.ump.coupon.destroy'), 22, 'Invalid method');
    refused(await demo.call('WJB.ump.coupon.list'), 22);
  });
  test('app_key', async () => {
    refused(await list({ params: { app_key: null } }), 28, 'Missing app key');
    refused(await list({ params: { app_key: '' } }), 28);
    refused(await list({ params: { app_key: '1' } }), 29, 'Invalid app Key');
    refused(await list({ params: { app_key: 'x'.repeat(5000) } }), 29);
    refused(await list({ params: { app_key: '12345678' } }), 29); // the Taobao one's
  });
  test('timestamp', async () => {
    refused(await list({ params: { timestamp: null } }), 30, 'Missing timestamp');
    for (const timestamp of ['yesterday', '2024-02-30 00:00:00', stamp().slice(0, 10), '123', stamp() + '.0'])
      refused(await list({ params: { timestamp } }), 31, 'Invalid timestamp');
    for (const off of [-700, 700]) refused(await list({ params: { timestamp: stamp(Date.now() + off * 1000) } }), 31);
    // Each made when it is sent: calls before it may take their time.
    const good = [() => stamp(Date.now() - 580e3), () => stamp(Date.now() + 590e3), () => String(Date.now()), () => String(Math.floor(Date.now() / 1000))];
    for (const make of good) assert.equal((await list({ params: { timestamp: make() } })).json.response.code, 0);
    refused(await list({ params: { timestamp: String(Date.now() - 700e3) } }), 31);
  });
  test('timestamp: the skew of the credential', async () => {
    const slow = new Wjb(server.port, SLOW);
    refused(await slow.call('wjb.ump.coupon.list', {}, { params: { timestamp: stamp(Date.now() - 20e3) } }), 31);
    await slow.ok('wjb.ump.coupon.list', {});
  });
  test('v', async () => {
    refused(await list({ params: { v: null } }), 32, 'Missing version');
    for (const v of ['two', '1', '1.', '.0', '1.0.0', ' 1.0']) refused(await list({ params: { v } }), 33, 'Invalid version');
    for (const v of ['2.0', '1.1']) refused(await list({ params: { v } }), 34, 'Unsupported version');
  });
  test('format', async () => {
    refused(await list({ params: { format: 'xml' } }), 23, 'Invalid format');
    for (const format of [null, '', 'json', 'JSON']) assert.equal((await list({ params: { format } })).json.response.code, 0);
  });
  test('sign', async () => {
    refused(await list({ sign: null }), 24, 'Missing signature');
    refused(await list({ sign: '' }), 24);
    for (const wrong of ['0', '0'.repeat(32), 'Z'.repeat(32)]) refused(await list({ sign: wrong }), 25, 'Invalid signature');
    refused(await list({ secret: 'wjbsecre' }), 25);
    for (const sign_method of ['hmac', 'sha256']) refused(await list({ params: { sign_method } }), 25);
    for (const sign_method of [null, '', 'md5', 'MD5']) assert.equal((await list({ params: { sign_method } })).json.response.code, 0);
  });
  test('sign: lower case, empty values with and without, decoded values, any name', async () => {
    const r = demo.request('wjb.ump.coupon.list', {});
    r.path = r.path.replace(/sign=([0-9A-F]{32})/, (_, s) => `sign=${s.toLowerCase()}`);
    assert.equal((await send(server.port, r)).json.response.code, 0);
    for (const dropEmpty of [false, true])
      assert.equal((await list({ params: { start_time: '' }, dropEmpty })).json.response.code, 0);
    assert.equal((await list({ params: { 'ключ 键': 'a=b&c+d %/优惠' } })).json.response.code, 0);
  });
  test('sign: + and %20 are spaces', async () => {
    const r = demo.request('wjb.ump.coupon.list', {});
    assert.match(r.path, /%20/);
    r.path = r.path.replaceAll('%20', '+');
    assert.equal((await send(server.port, r)).json.response.code, 0);
  });
  test('sign: image is left out', async () => {
    const r = demo.request('wjb.ump.coupon.list', {});
    r.path += '&image=abc';
    assert.equal((await send(server.port, r)).json.response.code, 0);
  });
  test('repeats in query and form', async () => {
    const both = { page_size: '1' };
    const same = demo.request('wjb.ump.coupon.list', undefined, { params: both, form: both });
    assert.equal((await send(server.port, same)).json.response.coupons.length, 1);
    const differ = demo.request('wjb.ump.coupon.list', undefined, { params: both, form: { page_size: '2' } });
    refused(await send(server.port, differ), 25);
    const twice = demo.request('wjb.ump.coupon.list', {});
    twice.path += '&v=2.0';
    refused(await send(server.port, twice), 25);
  });
  test('sign modes of a credential', async () => {
    const [q, b] = [new Wjb(server.port, QUERY), new Wjb(server.port, BODY)];
    const body = { page_size: 1 };
    for (const [client, signBody, good] of [[demo, false, 1], [demo, true, 1], [q, false, 1], [q, true, 0], [b, false, 0], [b, true, 1]]) {
      const r = await client.call('wjb.ump.coupon.list', body, { signBody });
      if (good) assert.equal(r.json.response.code, 0, `${client.credential.app_key} ${signBody} ${r.text}`);
      else refused(r, 25);
    }
    for (const client of [q, b]) {
      await client.ok('wjb.ump.coupon.list', undefined);
      await client.ok('wjb.ump.coupon.list', undefined, { form: { page_size: '1' } });
    }
    const changed = b.request('wjb.ump.coupon.list', body, { signBody: true });
    changed.body = changed.body.replace('1', '2');
    refused(await send(server.port, changed), 25);
  });
  test('access_token', async () => {
    refused(await list({ params: { access_token: null } }), 26, 'Missing session');
    refused(await list({ params: { access_token: '' } }), 26);
    for (const access_token of ['demo-toke', 'demo-tokeN', 'demo-token ', OTHER.access_token])
      refused(await list({ params: { access_token } }), 27, 'Invalid session');
  });
  test('trusted addresses', async () => {
    refused(await new Wjb(server.port, SHUT).call('wjb.ump.coupon.list', {}), 11,
      'Insufficient isv permissions: isv.permission-ip-whitelist-limit');
  });
  test('too many calls, and a key that has ended', async () => {
    const limited = new Wjb(server.port, LIMITED);
    for (let i = 0; i < 2; i++) await limited.ok('wjb.ump.coupon.list', {});
    const r = await limited.call('wjb.ump.coupon.list', {});
    refused(r, 7, 'App Call Limited: This ban will last for 1 more seconds');
    assert.equal(r.headers['retry-after'], '1');
    await new Promise((done) => setTimeout(done, 1000));
    await limited.ok('wjb.ump.coupon.list', {});
    refused(await new Wjb(server.port, ENDED).call('wjb.ump.coupon.list', {}), 29, 'Invalid app Key');
    refused(await new Wjb(server.port, { ...ENDED, secret: 'wrong' }).call('wjb.ump.coupon.list', {}), 29, 'Invalid app Key');
  });
  test('order of checks', async () => {
    const params = { method: 'wjb.none', app_key: null, timestamp: null, v: null, format: 'xml', access_token: null };
    const chain = [
      [{ verb: 'PUT' }, 9], [{ raw: Buffer.from([0xff]) }, 47], [{}, 22], [{ method: 'wjb.ump.coupon.list' }, 28],
      [{ app_key: DEMO.app_key }, 30], [{ timestamp: stamp() }, 32], [{ v: '1.0' }, 23], [{ format: 'json' }, 24],
    ];
    for (const [change, code] of chain) {
      if (change.verb || change.raw) {
        refused(await demo.call('wjb.none', undefined, { params, sign: null, ...change }), code);
        continue;
      }
      Object.assign(params, change);
      refused(await demo.call('wjb.none', '{', { params, sign: null }), code);
    }
    refused(await demo.call(null, '{', { params, sign: 'x' }), 25);
    refused(await demo.call(null, '{', { params }), 26);
    refused(await demo.call(null, '{', { params: { ...params, access_token: DEMO.access_token } }), 41, 'Invalid arguments: body');
  });
});

describe('bodies', () => {
  const add = (raw, o) => demo.call('wjb.ump.coupon.add', undefined, { raw, ...o });
  test('not UTF-8', async () => {
    refused(await add(Buffer.from('{"coupon":{"coupon_id":1,"name":"\xff"}}', 'latin1')), 47, 'Invalid encoding');
    refused(await add(Buffer.from('{"coupon":{"coupon_id":1,"name":"\xd3\xc5"}}', 'latin1')), 47); // GBK
    const r = demo.request('wjb.ump.coupon.list', {});
    r.path += '&x=%FF';
    refused(await send(server.port, r), 47);
    r.path = r.path.slice(0, -2) + 'zz';
    refused(await send(server.port, r), 47);
  });
  test('not JSON', async () => {
    for (const raw of ['{', '{}x', '{"coupon":}', "{'coupon':{}}", '[]', '"x"', '1', 'null', 'coupon', '{"coupon":{"coupon_id":01}}',
      '{"coupon":{"name":"\u0001"}}', '{"coupon":{"name":"\\ud800"}}', '{"coupon":{},}'])
      refused(await add(raw), 41, 'Invalid arguments: body');
  });
  test('deeply nested', async () => {
    const nested = (n) => `{"coupon":{"coupon_id":${newId()},"x":${'['.repeat(n)}${']'.repeat(n)}}}`;
    done(await add(nested(62)));
    refused(await add(nested(63)), 41, 'Invalid arguments: body');
    refused(await add('{"coupon":' + '['.repeat(500000)), 41, 'Invalid arguments: body');
  });
  test('empty', async () => {
    for (const raw of [undefined, '', ' \n']) refused(await add(raw), 40, 'Missing required arguments: coupon');
    refused(await add('{}'), 40, 'Missing required arguments: coupon');
  });
  test('over the cap', async () => {
    const r = await add('{"coupon":{"coupon_id":1,"x":"' + 'x'.repeat(1024 * 1024) + '"}}');
    assert.equal(r.status, 413);
    assert.match(r.headers['content-type'], /^text\/plain/);
  });
  test('at the cap', async () => {
    const head = `{"coupon":{"coupon_id":${newId()},"x":"`;
    done(await add(head + 'x'.repeat(1024 * 1024 - head.length - 3) + '"}}'));
    await demo.ok('wjb.ump.coupon.delete', { coupon_id: lastId });
  });
  test('a raw space in the target is no HTTP', async () => {
    const out = await server.raw('POST /rest/trade?timestamp=2015-08-17 13:27:15 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    assert.match(out, /^HTTP\/1.1 400/);
  });
  test('a form: scalars, objects as JSON text', async () => {
    const coupon_id = newId();
    done(await demo.call('wjb.ump.coupon.add', undefined, { form: { coupon: JSON.stringify({ coupon_id, name: '表单 & form' }) } }));
    assert.equal((await all('coupon')).find((c) => c.coupon_id === coupon_id).name, '表单 & form');
    refused(await demo.call('wjb.ump.coupon.add', undefined, { form: { coupon: '{' } }), 41, 'Invalid arguments: coupon');
    done(await demo.call('wjb.ump.coupon.delete', undefined, { form: { coupon_id } }));
  });
  test('an object in the query', async () => {
    const coupon_id = newId();
    done(await demo.call('wjb.ump.coupon.add', undefined, { params: { coupon: JSON.stringify({ coupon_id }) } }));
    done(await demo.call('wjb.ump.coupon.delete', undefined, { verb: 'GET', params: { coupon_id } }));
  });
  test('multipart', async () => {
    const coupon_id = newId();
    const part = (name, value, more = '') => `--BB\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
    const r = demo.request('wjb.ump.coupon.delete', undefined, { form: { coupon_id } });
    r.headers['content-type'] = 'multipart/form-data; boundary=BB';
    r.body = part('coupon_id', coupon_id) + part('image', 'xx', '; filename="x.png"') + '--BB--\r\n';
    refused(await send(server.port, r), 41, 'Invalid arguments: coupon_id');
  });
  test('the body wins over the query', async () => {
    const r = await demo.ok('wjb.ump.coupon.list', { page_size: 2 }, { params: { page_size: '1' } });
    assert.equal(r.coupons.length, 2);
    const s = await demo.ok('wjb.ump.coupon.list', { page_size: null }, { params: { page_size: '1' } });
    assert.equal(s.coupons.length, 1);
  });
});

describe('wjb.ump.coupon.add', () => {
  const bad = (coupon, field, code = 41) => async () =>
    refused(await demo.call('wjb.ump.coupon.add', { coupon }), code,
      `${code === 40 ? 'Missing required arguments' : 'Invalid arguments'}: ${field}`);
  const id = 69999999;
  const cases = [
    [undefined, 'coupon', 40], [null, 'coupon', 40], ['', 'coupon', 40], ['x', 'coupon'], [[], 'coupon'], [1, 'coupon'], [true, 'coupon'],
    [{}, 'coupon.coupon_id', 40], [{ coupon_id: null }, 'coupon.coupon_id', 40], [{ coupon_id: '' }, 'coupon.coupon_id', 40],
    ...[0, -1, 1.5, 'x', true, [], {}, '0', ' 1', '1 ', '0x1'].map((coupon_id) => [{ coupon_id }, 'coupon.coupon_id']),
    ...['x'.repeat(101), '优'.repeat(101), true, [], {}, 'a\u0001'].map((name) => [{ coupon_id: id, name }, 'coupon.name']),
    [{ coupon_id: id, coupon_name: true }, 'coupon.name'],
    ...['x'.repeat(33), false, {}].map((type) => [{ coupon_id: id, type }, 'coupon.type']),
    ...[-1, 1.234, 'x', '1e2', true, [], '1.', 1e14].map((denominations) => [{ coupon_id: id, denominations }, 'coupon.denominations']),
    [{ coupon_id: id, amount: -1 }, 'coupon.denominations'],
    ...[-1, 1.234, true, [], {}].map((condition) => [{ coupon_id: id, condition }, 'coupon.condition']),
    ...[-1, 0.5, 'x', true].map((total) => [{ coupon_id: id, total }, 'coupon.total']),
    [{ coupon_id: id, count: -1 }, 'coupon.total'],
    ...[0, -1, 0.5, 'x'].map((per_person) => [{ coupon_id: id, per_person }, 'coupon.per_person']),
    ...['2024-01-01', '2024-13-01 00:00:00', 'x', 20240101, true, '2024-01-01T00:00:00'].flatMap((t) => [
      [{ coupon_id: id, start_time: t }, 'coupon.start_time'], [{ coupon_id: id, end_time: t }, 'coupon.end_time']]),
    [{ coupon_id: id, start_time: '2024-01-02 00:00:00', end_time: '2024-01-01 00:00:00' }, 'coupon.end_time'],
    ...['x'.repeat(65537), true, {}].map((memo) => [{ coupon_id: id, memo }, 'coupon.memo']),
    [{ name: true }, 'coupon.coupon_id', 40],
  ];
  for (const [c, field, code] of cases)
    test(`refused: ${(JSON.stringify(c) ?? 'nothing').slice(0, 80)}`, bad(c, field, code));
  test('big ids are exact', async () => {
    const raw = '{"coupon":{"coupon_id":9007199254740993,"name":"big"}}';
    done(await demo.call('wjb.ump.coupon.add', undefined, { raw }));
    assert.match(await listedText('coupon', '"name":"big"'), /"coupon_id":9007199254740993,/);
    refused(await demo.call('wjb.ump.coupon.delete', undefined, { raw: '{"coupon_id":9007199254740992}' }), 41);
    done(await demo.call('wjb.ump.coupon.delete', undefined, { raw: '{"coupon_id":9007199254740993}' }));
    done(await demo.call('wjb.ump.coupon.add', undefined, { raw: '{"coupon":{"coupon_id":"9223372036854775807"}}' }));
    done(await demo.call('wjb.ump.coupon.delete', undefined, { raw: '{"coupon_id":9223372036854775807}' }));
    refused(await demo.call('wjb.ump.coupon.add', undefined, { raw: '{"coupon":{"coupon_id":9223372036854775808}}' }), 41,
      'Invalid arguments: coupon.coupon_id');
  });
  test('everything that is allowed', async () => {
    for (const more of [{}, { name: '优'.repeat(100) }, { coupon_name: 'x' }, { name: 123 }, { type: 'x'.repeat(32) }, { type: 5 },
      { denominations: 0 }, { denominations: 120 }, { denominations: '99.50' }, { amount: 0.5 }, { condition: 100 }, { condition: '100.5' },
      { condition: '满100' }, { total: 0 }, { count: '5' }, { per_person: 3 }, { name: '', memo: null, total: '' }, { memo: 'x'.repeat(65536) },
      { start_time: '2024-01-01 00:00:00', end_time: '2024-01-01 00:00:00' }, { memo: 'a\tb\r\nc' }])
      await demo.ok('wjb.ump.coupon.delete', { coupon_id: await coupon(more) });
  });
  test('echo: byte for byte, unknown members, order, each name once', async () => {
    const coupon_id = newId();
    const members = `"z" : 1 , "coupon_id":${coupon_id},"big":9007199254740993,"num":1.50e+02, "text":"\\u4f18\\/惠\\n","o":{"b":1 ,"a":[ ]},` +
      `"condition":"满100","denominations":"99.50","amount":1,"created":"1999-01-01 00:00:00","dup":1,"n":null,"dup":2,"empty":""`;
    done(await demo.call('wjb.ump.coupon.add', undefined, { raw: `{"coupon":{${members}}}` }));
    const text = await listedText('coupon', `"coupon_id":${coupon_id},`);
    const want = `{"z":1,"coupon_id":${coupon_id},"big":9007199254740993,"num":1.50e+02,"text":"\\u4f18\\/惠\\n","o":{"b":1 ,"a":[ ]},` +
      `"condition":"满100","denominations":"99.50","amount":1,"dup":2,"n":null,"empty":"","created":"`;
    assert.equal(text.slice(0, want.length), want);
    assert.match(text.slice(want.length), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"\}$/);
  });
  test('the same once more: success; another with that id: refused', async () => {
    const coupon_id = await coupon({ name: 'same', x: 1 });
    const before = (await demo.ok('wjb.ump.coupon.list', {})).Total_result;
    done(await demo.call('wjb.ump.coupon.add', undefined, { raw: `{"coupon":{"x":1.0,"name":"s\\u0061me","coupon_id":${coupon_id}}}` }));
    refused(await demo.call('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'same', x: 2 } }), 41, /coupon_id already exists$/);
    assert.equal((await demo.ok('wjb.ump.coupon.list', {})).Total_result, before);
  });
  test('merchants do not see each other', async () => {
    const coupon_id = await coupon({ name: 'mine' });
    await coupon({ coupon_id, name: 'theirs' }, other);
    assert.equal((await all('coupon', other)).find((c) => c.coupon_id === coupon_id).name, 'theirs');
    done(await other.call('wjb.ump.coupon.delete', { coupon_id }));
    assert.equal((await all('coupon')).find((c) => c.coupon_id === coupon_id).name, 'mine');
  });
});

describe('wjb.ump.coupon.delete', () => {
  test('gone, and a second time refused', async () => {
    const coupon_id = await coupon();
    done(await demo.call('wjb.ump.coupon.delete', { coupon_id }));
    refused(await demo.call('wjb.ump.coupon.delete', { coupon_id }), 41, 'Invalid arguments: coupon_id');
    assert.ok(!(await all('coupon')).some((c) => c.coupon_id === coupon_id));
    await coupon({ coupon_id, name: 'again' });
  });
  test('refused', async () => {
    refused(await demo.call('wjb.ump.coupon.delete', {}), 40, 'Missing required arguments: coupon_id');
    refused(await demo.call('wjb.ump.coupon.delete', { coupon_id: '' }), 40);
    for (const coupon_id of [1, -1, 'x', true, [], 1.5, 0])
      refused(await demo.call('wjb.ump.coupon.delete', { coupon_id }), 41, 'Invalid arguments: coupon_id');
  });
  test('in use by an activity', async () => {
    const coupon_id = await coupon();
    const activity_id = await activity({ prizes: [{ coupon_id, count: 1 }] });
    refused(await demo.call('wjb.ump.coupon.delete', { coupon_id }), 15, 'Remote service error: coupon_id');
    done(await demo.call('wjb.ump.activity.modify', { activity: { activity_id, prizes: [] } }));
    done(await demo.call('wjb.ump.coupon.delete', { coupon_id }));
    const second = await coupon();
    const holder = await activity({ prizes: [{ coupon_id: second }, { coupon_id: second }] });
    refused(await demo.call('wjb.ump.coupon.delete', { coupon_id: second }), 15);
    done(await demo.call('wjb.ump.activity.delete', { activity_id: holder }));
    done(await demo.call('wjb.ump.coupon.delete', { coupon_id: second }));
  });
  test('the same request again gets the first answer', async () => {
    const coupon_id = await coupon();
    const r = demo.request('wjb.ump.coupon.delete', { coupon_id });
    done(await send(server.port, r));
    done(await send(server.port, r));
    await coupon({ coupon_id, name: 'made anew' });
    done(await send(server.port, r));
    assert.ok((await all('coupon')).some((c) => c.coupon_id === coupon_id));
  });
});

describe('lists', () => {
  for (const what of ['coupon', 'activity']) {
    const list = (body, o) => demo.call(`wjb.ump.${what}.list`, body, o);
    const rows = (r) => r.json.response.coupons ?? r.json.response.activities;
    const key = (row) => row.coupon_id ?? row.activity_id;
    describe(what, () => {
      const made = [];
      before(async () => {
        for (let i = 0; i < 12; i++) made.push(what === 'coupon' ? await coupon({ i }) : await activity({ i }));
      });
      test('newest first, ten to a page', async () => {
        const r = await list({});
        assert.deepEqual(rows(r).map(key), made.slice(2).reverse());
        if (what === 'activity') {
          assert.deepEqual(Object.keys(r.json.response), ['code', 'activities', 'has_next']);
          assert.equal(r.json.response.has_next, true);
        } else {
          assert.deepEqual(Object.keys(r.json.response), ['code', 'coupons', 'Total_result']);
          assert.ok(r.json.response.Total_result >= 12);
        }
      });
      test('pages', async () => {
        const seen = [];
        for (let page_no = 1; page_no <= 4; page_no++) seen.push(...rows(await list({ page_no, page_size: 3 })).map(key));
        assert.deepEqual(seen, [...made].reverse());
        assert.equal(rows(await list({ page_size: 50 })).length >= 12, true);
        assert.equal(rows(await list({ page_no: '2', page_size: '5' })).length, 5);
      });
      test('past the end', async () => {
        for (const page_no of [100000, 4294967296, '9223372036854775807']) {
          const r = await list({ page_no, page_size: 50 });
          assert.deepEqual(rows(r), []);
          if (what === 'activity') assert.equal(r.json.response.has_next, false);
          else assert.ok(r.json.response.Total_result >= 12);
        }
      });
      test('refused', async () => {
        for (const page_no of [0, -1, 'x', 1.5, true]) refused(await list({ page_no }), 41, 'Invalid arguments: page_no');
        for (const page_size of [0, 51, -1, 'x', true]) refused(await list({ page_size }), 41, 'Invalid arguments: page_size');
        for (const t of ['2024-01-01', 'x', 1, '2024-02-30 00:00:00']) {
          refused(await list({ start_time: t }), 41, 'Invalid arguments: start_time');
          refused(await list({ end_time: t }), 41, 'Invalid arguments: end_time');
        }
      });
      test('windows', async () => {
        const now = Date.now(), old = now - 400 * DAY;
        const window = (from, to) => list({ start_time: from === null ? null : stamp(from), end_time: to === null ? null : stamp(to) });
        assert.equal(rows(await window(now - DAY, now + DAY)).length, 10);
        assert.equal(rows(await window(now - 30 * DAY + 3600e3, now + 3599e3)).length, 10); // one second short of 30 days
        refused(await window(now - 30 * DAY, now), 41, 'Invalid arguments: end_time');
        refused(await window(now, now - 1000), 41, 'Invalid arguments: end_time');
        assert.equal((await window(now, now)).json.response.code, 0);
        assert.deepEqual(rows(await window(old, old + DAY)), []);
        assert.deepEqual(rows(await window(old, null)), []);
        assert.deepEqual(rows(await window(null, old)), []);
        assert.equal(rows(await window(now - DAY, null)).length, 10);
        assert.equal(rows(await window(null, now + DAY)).length, 10);
        assert.deepEqual(rows(await window(now + DAY, null)), []);
        assert.deepEqual(rows(await window(null, now - DAY)).filter((r) => made.includes(key(r))), []);
        const empty = await window(old, old);
        assert.equal(empty.text, what === 'coupon' ? '{"response":{"code":0,"coupons":[],"Total_result":0}}'
          : '{"response":{"code":0,"activities":[],"has_next":false}}');
      });
      test('both ends of a window are inclusive to the second', async () => {
        const created = rows(await list({ page_size: 1 }))[0].created;
        const r = await list({ start_time: created, end_time: created, page_size: 50 });
        assert.ok(rows(r).some((row) => key(row) === made.at(-1)));
        assert.ok(rows(r).every((row) => row.created === created));
      });
    });
  }
  test('templates of a CSV file', async () => {
    const r = await other.call('wjb.ump.coupon.list', {});
    const at = r.text.indexOf('{"coupon_id":880001');
    assert.match(r.text.slice(at), new RegExp('^{"coupon_id":880001,"name":"from a file","type":"1","denominations":99.50,"condition":200,' +
      '"start_time":"2024-01-01 00:00:00","end_time":"2099-12-31 23:59:59","created":"[^"]{19}"}'));
    assert.match(r.text, /\{"coupon_id":880002,"name":"bare","created":"[^"]{19}"\}/);
  });
  test('activity.list is empty for a merchant without any, and never lists those of demo', async () => {
    assert.equal((await other.call('wjb.ump.activity.list', {})).text, '{"response":{"code":0,"activities":[],"has_next":false}}');
    for (const a of await all('activity')) assert.ok(a.activity_id);
  });
});

describe('wjb.ump.activity', () => {
  const find = async (activity_id) => (await all('activity')).find((a) => a.activity_id === activity_id);

  test('add: an id below 2^53, its own members appended', async () => {
    const r = await demo.call('wjb.ump.activity.add', {
      activity: { activity_id: 'ignored', name: '双11', type: 7, status: 2, start_time: '2024-11-11 00:00:00', end_time: '2024-11-11 23:59:59',
        memo: 'm', created: 'x', modified: 'y', more: { a: [1] } },
    });
    assert.deepEqual(Object.keys(r.json.response), ['code', 'activity_id']);
    const { activity_id } = r.json.response;
    assert.ok(Number.isSafeInteger(activity_id) && activity_id > 0);
    const text = await listedText('activity', `"activity_id":${activity_id}`);
    const want = `{"name":"双11","type":7,"status":2,"start_time":"2024-11-11 00:00:00","end_time":"2024-11-11 23:59:59",` +
      `"memo":"m","more":{"a":[1]},"activity_id":${activity_id},"created":"`;
    assert.equal(text.slice(0, want.length), want);
    assert.match(text.slice(want.length), /^[^"]{19}","modified":"[^"]{19}"\}$/);
  });
  test('add: two requests make two, one request makes one', async () => {
    const same = { activity: { name: 'twin' } };
    const a = await demo.ok('wjb.ump.activity.add', same);
    const b = await demo.ok('wjb.ump.activity.add', same);
    assert.notEqual(a.activity_id, b.activity_id);
    const r = demo.request('wjb.ump.activity.add', same);
    const first = await send(server.port, r);
    const again = await Promise.all(Array.from({ length: 8 }, () => send(server.port, r)));
    for (const one of again) assert.equal(one.text, first.text);
    const other = { ...r, body: '{"activity":{"name":"not a twin"}}' }; // query-only signature: the body is part of the request
    assert.notEqual((await send(server.port, other)).text, first.text);
  });
  const cases = [
    [undefined, 'activity', 40], [null, 'activity', 40], ['x', 'activity'], [[], 'activity'], [1, 'activity'],
    ...['x'.repeat(101), true, {}, 'a\u0001'].map((name) => [{ name }, 'activity.name']),
    ...['x'.repeat(101), true, []].map((type) => [{ type }, 'activity.type']),
    ...[0, 4, -1, 1.5, 'x', true].map((status) => [{ status }, 'activity.status']),
    ...['2024-01-01', 'x', 5].flatMap((t) => [[{ start_time: t }, 'activity.start_time'], [{ end_time: t }, 'activity.end_time']]),
    [{ start_time: '2024-01-02 00:00:00', end_time: '2024-01-01 00:00:00' }, 'activity.end_time'],
    [{ memo: 'x'.repeat(65537) }, 'activity.memo'],
    ...['x', {}, 1, [1], ['x'], [null]].map((prizes) => [{ prizes }, 'activity.prizes']),
    [{ prizes: [{ coupon_id: 'x' }] }, 'activity.prizes.coupon_id'],
    [{ prizes: [{ coupon_id: 1 }] }, 'activity.prizes.coupon_id'],
    [{ prizes: Array.from({ length: 51 }, () => ({})) }, 'activity.prizes'],
  ];
  for (const [value, field, code = 41] of cases) {
    test(`add and modify refuse ${(JSON.stringify(value) ?? 'nothing').slice(0, 70)}`, async () => {
      const message = `${code === 40 ? 'Missing required arguments' : 'Invalid arguments'}: ${field}`;
      refused(await demo.call('wjb.ump.activity.add', { activity: value }), code, message);
      if (value && value.constructor === Object) {
        const activity_id = (await demo.ok('wjb.ump.activity.list', { page_size: 1 })).activities[0].activity_id;
        refused(await demo.call('wjb.ump.activity.modify', { activity: { ...value, activity_id } }), code, message);
      }
    });
  }
  test('add: everything that is allowed', async () => {
    for (const more of [{}, { name: '', status: '' }, { status: '3' }, { prizes: null }, { prizes: '' }, { prizes: [] },
      { prizes: [{ prize_id: 1, type: 'gift' }] }, { memo: 'x'.repeat(65536) }])
      await activity(more);
    assert.ok((await demo.ok('wjb.ump.activity.add', { activity: {} })).activity_id);
  });
  test('modify: given replaces, missing stays, null removes', async () => {
    const activity_id = await activity({ name: 'old', type: 't', memo: 'm', status: 1, x: { a: 1, b: 2 }, keep: 1.50, gone: 1 });
    done(await demo.call('wjb.ump.activity.modify', undefined, {
      raw: `{"activity":{"activity_id":${activity_id},"name":"new","x":{"c":3 },"gone":null,"memo":null,"added":9007199254740993,"created":"x"}}`,
    }));
    const text = await listedText('activity', `"activity_id":${activity_id}`);
    const want = `{"name":"new","type":"t","status":1,"x":{"c":3 },"keep":1.5,"added":9007199254740993,"activity_id":${activity_id},"created":"`;
    assert.equal(text.slice(0, want.length), want);
    const a = await find(activity_id);
    assert.ok(a.modified >= a.created);
  });
  test('modify: refused', async () => {
    refused(await demo.call('wjb.ump.activity.modify', { activity: { name: 'x' } }), 40, 'Missing required arguments: activity.activity_id');
    for (const activity_id of ['x', -1, 1.5, true, 1, 0, '9223372036854775807'])
      refused(await demo.call('wjb.ump.activity.modify', { activity: { activity_id } }), 41, 'Invalid arguments: activity.activity_id');
    const mine = await activity();
    refused(await other.call('wjb.ump.activity.modify', { activity: { activity_id: mine } }), 41);
  });
  test('modify: a span that the merge turns round', async () => {
    const activity_id = await activity({ start_time: '2024-05-01 00:00:00', end_time: '2024-05-02 00:00:00' });
    refused(await demo.call('wjb.ump.activity.modify', { activity: { activity_id, end_time: '2024-04-01 00:00:00' } }), 41, 'Invalid arguments: activity.end_time');
    assert.equal((await find(activity_id)).end_time, '2024-05-02 00:00:00');
  });
  test('delete', async () => {
    const activity_id = await activity();
    refused(await other.call('wjb.ump.activity.delete', { activity_id }), 41, 'Invalid arguments: activity_id');
    const r = demo.request('wjb.ump.activity.delete', { activity_id });
    done(await send(server.port, r));
    done(await send(server.port, r));
    refused(await demo.call('wjb.ump.activity.delete', { activity_id }), 41, 'Invalid arguments: activity_id');
    refused(await demo.call('wjb.ump.activity.modify', { activity: { activity_id } }), 41);
    assert.equal(await find(activity_id), undefined);
    refused(await demo.call('wjb.ump.activity.delete', {}), 40, 'Missing required arguments: activity_id');
    refused(await demo.call('wjb.ump.activity.delete', { activity_id: 'x' }), 41);
    done(await demo.call('wjb.ump.activity.delete', undefined, { verb: 'GET', params: { activity_id: await activity() } }));
  });
  test('targets', async () => {
    const activity_id = await activity();
    const add = (targets) => demo.call('wjb.ump.activity.target.add', { targets });
    for (const list of ['buyer_nicks', 'buyers', 'nicks', 'targets'])
      done(await add({ activity_id, [list]: ['甲', 'nick 2', '甲', 12345678901234567890n.toString(), 7] }));
    done(await add({ activity_id: String(activity_id), buyer_nicks: Array.from({ length: 1000 }, (_, i) => `many ${i}`) }));
    done(await add({ activity_id, buyer_nicks: ['优'.repeat(100)] }));
    const bad = async (targets, code, field) =>
      refused(await add(targets), code, `${code === 40 ? 'Missing required arguments' : 'Invalid arguments'}: ${field}`);
    await bad(undefined, 40, 'targets');
    await bad('x', 41, 'targets');
    await bad({}, 40, 'targets.activity_id');
    await bad({ activity_id }, 40, 'targets.buyer_nicks');
    await bad({ activity_id, buyer_nicks: [] }, 40, 'targets.buyer_nicks');
    await bad({ activity_id, buyer_nicks: 'a' }, 41, 'targets.buyer_nicks');
    for (const nick of ['', null, true, {}, [], 1.5, -1, 'x'.repeat(101), 'a\u0001b'])
      await bad({ activity_id, buyer_nicks: ['a', nick] }, 41, 'targets.buyer_nicks');
    await bad({ activity_id, buyer_nicks: Array.from({ length: 1001 }, (_, i) => `n${i}`) }, 41, 'targets.buyer_nicks');
    await bad({ activity_id: 1, buyer_nicks: ['a'] }, 41, 'targets.activity_id');
    await bad({ activity_id: 'x', buyer_nicks: ['a'] }, 41, 'targets.activity_id');
  });
  test('targets: clear', async () => {
    const activity_id = await activity();
    done(await demo.call('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: ['a', 'b'] } }));
    for (let i = 0; i < 2; i++) done(await demo.call('wjb.ump.activity.target.clear', { activity_id }));
    refused(await demo.call('wjb.ump.activity.target.clear', { activity_id: 1 }), 41, 'Invalid arguments: activity_id');
    refused(await demo.call('wjb.ump.activity.target.clear', {}), 40, 'Missing required arguments: activity_id');
    refused(await other.call('wjb.ump.activity.target.clear', { activity_id }), 41);
    done(await demo.call('wjb.ump.activity.delete', { activity_id }));
    refused(await demo.call('wjb.ump.activity.target.clear', { activity_id }), 41);
    refused(await demo.call('wjb.ump.activity.target.add', { targets: { activity_id, buyer_nicks: ['a'] } }), 41);
  });
});

describe('coupon provide (SPI)', () => {
  const results = (r) => {
    assert.equal(r.json?.response?.code, 0, r.text);
    assert.deepEqual(Object.keys(r.json.response), ['code', 'send_results']);
    return r.json.response.send_results;
  };
  const provide = async (coupon_id, buyer_nicks, o) => results(await demo.spi({ coupon_id, buyer_nicks }, o));

  test('one result per nick, in order', async () => {
    const coupon_id = await coupon();
    const list = await provide(coupon_id, ['买家一', 'b', 'c']);
    assert.deepEqual(list.map((r) => r.buyer_nick), ['买家一', 'b', 'c']);
    for (const r of list) {
      assert.deepEqual(Object.keys(r), ['buyer_nick', 'code', 'coupon_number']);
      assert.equal(r.code, 0);
      assert.equal(typeof r.coupon_number, 'string');
      assert.ok(r.coupon_number.length >= 8);
    }
    assert.equal(new Set(list.map((r) => r.coupon_number)).size, 3);
  });
  test('partial success', async () => {
    const coupon_id = await coupon({ total: 2 });
    const list = await provide(coupon_id, ['p1', '', 'x'.repeat(101), 12345, null, 'p2', { a: 1 }]);
    assert.deepEqual(list.map((r) => r.code), [0, 41, 41, 0, 41, 15, 41]);
    assert.deepEqual(list.map((r) => r.buyer_nick), ['p1', '', 'x'.repeat(101), '12345', '', 'p2', '']);
    for (const r of list) assert.deepEqual(Object.keys(r), ['buyer_nick', 'code', r.code ? 'error_message' : 'coupon_number']);
    assert.match(list[5].error_message, /^Remote service error/);
    assert.match(list[1].error_message, /^Invalid arguments/);
    assert.deepEqual((await provide(coupon_id, ['p1', '12345', 'p3'])).map((r) => r.code), [0, 0, 15]);
  });
  test('total 0', async () => {
    assert.deepEqual((await provide(await coupon({ total: 0 }), ['a'])).map((r) => r.code), [15]);
  });
  test('per_person: past it the last one again', async () => {
    const coupon_id = await coupon({ per_person: 2 });
    const first = (await provide(coupon_id, ['pp', 'pp', 'pp'])).map((r) => r.coupon_number);
    assert.notEqual(first[0], first[1]);
    assert.equal(first[1], first[2]);
    assert.deepEqual((await provide(coupon_id, ['pp'])).map((r) => r.coupon_number), [first[1]]);
    const one = await coupon();
    const [a] = await provide(one, ['qq']);
    assert.deepEqual(await provide(one, ['qq']), [a]);
  });
  test('the same request, and the same request_id, again', async () => {
    const coupon_id = await coupon({ per_person: 10 });
    const r = demo.spiRequest({ coupon_id, buyer_nicks: ['rr', 'rs'] });
    const first = await send(server.port, r);
    assert.equal((await send(server.port, r)).text, first.text);
    assert.notEqual((await demo.spi({ coupon_id, buyer_nicks: ['rr', 'rs'] })).text, first.text);
    const ask = (request_id) => demo.spi({ coupon_id, buyer_nicks: ['rr', 'rs'] }, { params: { request_id } });
    const one = await ask('id-1');
    assert.equal((await ask('id-1')).text, one.text);
    assert.notEqual((await ask('id-2')).text, one.text);
    refused(await demo.spi({ coupon_id, buyer_nicks: ['rr'] }, { params: { request_id: 'id-1' } }), 41, 'Invalid arguments: request_id');
    const all = await Promise.all(Array.from({ length: 10 }, () => ask('id-3')));
    assert.equal(new Set(all.map((x) => x.text)).size, 1);
  });
  test('whole refusals, without send_results', async () => {
    const coupon_id = await coupon();
    const spi = (body, o) => demo.spi(body, o);
    refused(await spi({ buyer_nicks: ['a'] }), 40, 'Missing required arguments: coupon_id');
    refused(await spi({ coupon_id }), 40, 'Missing required arguments: buyer_nicks');
    refused(await spi({ coupon_id, buyer_nicks: [] }), 40, 'Missing required arguments: buyer_nicks');
    refused(await spi({ coupon_id, buyer_nicks: 'a' }), 41, 'Invalid arguments: buyer_nicks');
    refused(await spi({ coupon_id: 'x', buyer_nicks: ['a'] }), 41, 'Invalid arguments: coupon_id');
    refused(await spi({ coupon_id: 5, buyer_nicks: ['a'] }), 41, 'Invalid arguments: coupon_id');
    const nicks = (n) => Array.from({ length: n }, (_, i) => `s${i}`);
    refused(await spi({ coupon_id, buyer_nicks: nicks(51) }), 41, 'Invalid arguments: buyer_nicks');
    assert.equal((await provide(coupon_id, nicks(50))).length, 50);
    refused(await demo.spi('{'), 41, 'Invalid arguments: body');
    refused(await demo.spi(undefined), 40);
    const over = await coupon({ end_time: stamp(Date.now() - 5000) });
    refused(await spi({ coupon_id: over, buyer_nicks: ['a'] }), 15, 'Remote service error: coupon_id');
    const gone = await coupon();
    await demo.ok('wjb.ump.coupon.delete', { coupon_id: gone });
    refused(await spi({ coupon_id: gone, buyer_nicks: ['a'] }), 41, 'Invalid arguments: coupon_id');
  });
  test('envelope', async () => {
    const body = { coupon_id: await coupon(), buyer_nicks: ['env'] };
    const code = async (o, want) => refused(await demo.spi(body, o), want);
    await code({ params: { app_key: null } }, 28);
    await code({ params: { app_key: '1' } }, 29);
    await code({ params: { timestamp: null } }, 30);
    await code({ params: { timestamp: stamp(Date.now() - 700e3) } }, 31);
    await code({ params: { v: 'x' } }, 33);
    await code({ params: { v: '2.0' } }, 34);
    await code({ params: { format: 'xml' } }, 23);
    await code({ sign: null }, 24);
    await code({ sign: '0'.repeat(32) }, 25);
    await code({ params: { access_token: 'x' } }, 27);
    await code({ verb: 'GET' }, 9);
    await code({ raw: Buffer.from('{"coupon_id":1,"buyer_nicks":["\xff"]}', 'latin1') }, 47);
    results(await demo.spi(body, { params: { v: '1.0', format: 'json', access_token: DEMO.access_token, method: 'anything' } }));
    results(await demo.spi(body, { signBody: true }));
    refused(await new Wjb(server.port, BODY).spi(body), 25);
    results(await new Wjb(server.port, BODY).spi(body, { signBody: true }));
    refused(await new Wjb(server.port, SHUT).spi(body), 11);
  });
  test('a CSV template', async () => {
    assert.equal(results(await other.spi({ coupon_id: 880001, buyer_nicks: ['csv'] }))[0].code, 0);
    refused(await demo.spi({ coupon_id: 880001, buyer_nicks: ['csv'] }), 41);
  });
});

describe('what other dialects see and write', () => {
  const waiqin = async (method, body) => {
    const timestamp = stamp().replace(/\D/g, ''), raw = JSON.stringify(body);
    const digest = createHash('md5').update(`${raw}|demoappkey12345678|${timestamp}`).digest('hex');
    const path = `/api/bcwin/v1/${method}/8888888888888888888/${timestamp}/${digest}/m1`;
    const r = await send(server.port, { path, headers: { 'content-type': 'application/json' }, body: raw });
    assert.equal(Number(r.json?.return_code), 0, r.text);
    return r.json.response_data && JSON.parse(r.json.response_data);
  };
  const seen = async (id) => (await waiqin('queryCampaign', { activity_source_code: `wjb-${id}` }))[0];
  test('an activity in Waiqin', async () => {
    const id = await activity({ name: '双11', type: 'T1', status: 2, start_time: '2024-11-11 08:00:00', end_time: '2024-11-12 08:00:00', memo: 'm' });
    let c = await seen(id);
    assert.deepEqual([c.activity_code, c.activity_name, c.activity_type_code, c.event_status, c.start_date, c.end_date, c.event_information].map(String),
      [String(id), '双11', 'T1', '2', '2024-11-11', '2024-11-12', 'm']);
    done(await demo.call('wjb.ump.activity.target.add', { targets: { activity_id: id, buyer_nicks: ['目标1', 77, '目标1'] } }));
    c = await seen(id);
    assert.deepEqual(c.override_customer.map((p) => [p.code, p.name, p.source_code]), [['', '目标1', ''], ['', '77', '']]);
    done(await demo.call('wjb.ump.activity.target.clear', { activity_id: id }));
    assert.deepEqual((await seen(id)).override_customer, []);
    done(await demo.call('wjb.ump.activity.target.add', { targets: { activity_id: id, buyer_nicks: ['again'] } }));
    assert.equal((await seen(id)).override_customer.length, 1);
    done(await demo.call('wjb.ump.activity.modify', { activity: { activity_id: id, status: null, memo: null } }));
    c = await seen(id);
    assert.deepEqual([String(c.event_status), c.event_information, c.activity_name], ['1', '', '双11']);
    done(await demo.call('wjb.ump.activity.delete', { activity_id: id }));
    assert.equal(await seen(id), undefined);
  });
  test('an activity that Waiqin has changed', async () => {
    const id = await activity({ x: 1.50, name: 'old', status: 1, start_time: '2024-11-11 08:00:00', y: [ 2 ] });
    await waiqin('addOrUpdateCampaign', {
      source_code: `wjb-${id}`, code: String(id), name: 'new "quoted"', type_code: 'T', event_status: '3', start_date: '2024-12-01', end_date: '2024-12-02',
      register_url: 'http://x', event_information: 'info',
    });
    const text = await listedText('activity', `"activity_id":${id}`);
    const head = '{"name":"new \\"quoted\\"","x":1.5,"status":3,"start_time":"2024-12-01 00:00:00","y":[2],"type":"T",';
    assert.equal(text.slice(0, head.length), head);
    assert.match(text.slice(head.length), /^"end_time":"2024-12-02 [^"]{8}","memo":"info","activity_id":/);
    done(await demo.call('wjb.ump.activity.modify', { activity: { activity_id: id, name: 'mine again' } }));
    const again = await listedText('activity', `"activity_id":${id}`);
    assert.match(again, /^\{"name":"mine again","x":1.5,"status":3,"start_time":"2024-12-01 00:00:00","y":\[2\],/);
  });
  test('a coupon that a CSV file has changed', async () => {
    const coupon_id = await coupon({ coupon_name: 'old', denominations: '5.00', condition: '满100', x: 9007199254740993n.toString(), end_time: '2030-01-01 00:00:00' });
    const csv = join(root, 'changed.csv');
    writeFileSync(csv, `template_id,name,amount,type\n${coupon_id},new,6.5,\n`);
    cli('import', 'templates', csv, `--data=${server.dir}`, '--merchant=1');
    const text = await listedText('coupon', `"coupon_id":${coupon_id},`);
    const want = `{"coupon_id":${coupon_id},"name":"new","denominations":6.50,"condition":"满100","x":"9007199254740993","created":"`;
    assert.equal(text.slice(0, want.length), want);
  });
});

describe('after a restart', () => {
  test('all of it is there', async () => {
    const before = [await all('coupon'), await all('activity')];
    const r = demo.request('wjb.ump.activity.add', { activity: { name: 'before' } });
    const made = await send(server.port, r);
    await server.stop();
    await server.run();
    demo.port = other.port = server.port;
    const now = [await all('coupon'), await all('activity')];
    assert.deepEqual(now[0], before[0]);
    assert.equal(now[1].length, before[1].length + 1);
    assert.equal((await send(server.port, r)).text, made.text);
  });
});

