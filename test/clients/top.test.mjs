// The two npm clients of the Taobao Open Platform against the real server. `npm ci` in this folder
// installs them (script/bootstrap does).
process.env.TZ = 'Asia/Shanghai'; // both send the machine's local time

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { DEMO, METHOD, ROOT } from '../js/top.mjs';
import { PAGED, SEED, startTop } from '../js/top_data.mjs';

const require = createRequire(import.meta.url);
const Hahoo = require('node-taobao-topclient').default;
const TopSdk = require('topsdk');

let top, hahoo, topsdk, endpoint;
before(async () => {
  top = await startTop();
  endpoint = `${top.server.url}/router/rest`;
  hahoo = new Hahoo({ appkey: DEMO.key, appsecret: DEMO.secret, REST_URL: endpoint });
  topsdk = new TopSdk(DEMO.key, DEMO.secret, endpoint);
});
after(() => top?.close());

const fields = { page_size: 10, page_num: 1, phone: SEED.phone };
const codes = (reply) => reply.result.result.result_arr_list.erp_coupon_d_t_o.map((c) => c.coupon_code);

test('node-taobao-topclient: POST and GET, object parameter', async () => {
  for (const verb of ['POST', 'GET'])
    assert.deepEqual(codes(await hahoo.execute(METHOD, { query_d_t_o: fields }, verb)), ['111bbb', SEED.code]);
});

test('node-taobao-topclient: invoke walks the response names', async () => {
  const page = await hahoo.invoke(METHOD, { query_d_t_o: { ...fields, phone: PAGED.phone } }, [ROOT, 'result', 'result'], null, 'POST');
  assert.deepEqual([page.total_count, page.total_page, page.current_page], [PAGED.count, 3, 1]);
});

test('node-taobao-topclient: XML, simplify', async () => {
  const xml = await hahoo.request({ method: METHOD, query_d_t_o: fields, format: 'xml' });
  assert.ok(xml.startsWith('<?xml') && xml.includes(`<coupon_code>${SEED.code}</coupon_code>`));
  const plain = await hahoo.request({ method: METHOD, query_d_t_o: fields, simplify: true });
  assert.equal(plain.result.result.result_arr_list.length, 2);
});

test('node-taobao-topclient: errors', async () => {
  const refused = (params, type) => hahoo.execute(METHOD, params, type).then(() => assert.fail('no error'), (e) => e);
  const e = await refused({ query_d_t_o: { page_size: 10 } });
  assert.deepEqual([e.name, e.code, e.sub_code], ['TOPClientError', 40, 'isv.missing-parameter:page_num']);
  assert.equal(e.message, 'Missing required arguments, code 40; isv.missing-parameter:page_num: 缺少必要参数');
  const stranger = new Hahoo({ appkey: DEMO.key, appsecret: 'wrong', REST_URL: endpoint });
  await assert.rejects(stranger.execute(METHOD, { query_d_t_o: fields }), { code: 25 });
  await assert.rejects(hahoo.execute('taobao.item.get', {}), { code: 22 });
  // Another verb sends everything as a JSON text in JSON: refused, with the format unknown.
  const put = await hahoo.request({ method: METHOD, query_d_t_o: fields }, 'PUT');
  assert.match(put, /<code>9<\/code>/);
});

// topsdk signs an object as "[object Object]": its callers pass texts.
const text = JSON.stringify(fields);

test('topsdk: POST, form body of a GET, multipart', async () => {
  for (const type of [undefined, 'post', 'get', 'file_upload'])
    assert.deepEqual(codes(await topsdk.execute(METHOD, { query_d_t_o: text }, type)), ['111bbb', SEED.code], type);
});

test('topsdk: keep-alive holds after GETs with bodies', async () => {
  for (let i = 0; i < 20; i++) assert.equal(codes(await topsdk.execute(METHOD, { query_d_t_o: text }, i % 2 ? 'get' : 'post')).length, 2);
});

test('topsdk: callback, pipe, raw reply', async () => {
  const reply = await new Promise((resolve, reject) =>
    topsdk.execute(METHOD, { query_d_t_o: text }, (e, r) => (e ? reject(e) : resolve(r))));
  assert.equal(codes(reply).length, 2);
  const stream = new PassThrough();
  topsdk.execute(METHOD, { query_d_t_o: text }).pipe(stream);
  let piped = '';
  for await (const chunk of stream) piped += chunk;
  assert.equal(codes(JSON.parse(piped)[ROOT]).length, 2);
  const raw = new TopSdk(DEMO.key, DEMO.secret, endpoint, { rawResponse: true });
  assert.ok((await raw.execute(METHOD, { query_d_t_o: text }))[ROOT].request_id);
});

test('topsdk: empty result, empty values, errors', async () => {
  const none = await topsdk.execute(METHOD, { query_d_t_o: JSON.stringify({ ...fields, phone: '1' }), partner_id: '' });
  assert.deepEqual([none.result.success, none.result.error_code], [false, 'QUERY_RESULT_EMPTY']);
  await assert.rejects(topsdk.execute(METHOD, {}), { name: 'TOPClientError', code: 40, sub_code: 'isv.missing-parameter:page_size' });
  await assert.rejects(topsdk.execute(METHOD, { query_d_t_o: '{' }), { code: 41, sub_code: 'isv.invalid-parameter:query_d_t_o' });
  const stranger = new TopSdk('1', 'x', endpoint);
  await assert.rejects(stranger.execute(METHOD, { query_d_t_o: text }), { code: 29 });
});
