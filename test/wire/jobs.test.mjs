// Jobs on the wire: docs/bulk.md. Inputs in parts, results by range, cancel, scopes, repeats.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { csvObjects, sleep } from '../js/e2e.mjs';
import { Native, fresh } from '../js/native.mjs';
import { Server, cli } from '../js/server.mjs';

const OWNER = '383933091455959041';
const keys = { read: 'jobs-key-of-reading', issue: 'jobs-key-of-issuing', manage: 'jobs-key-of-manager' };
let server, api, template;
const open = [];
const as = (key) => (open.push(new Native(server.port, 1, keys[key])), open.at(-1));

before(async () => {
  server = await Server.start();
  await server.stop();
  for (const [scope, id] of Object.entries(keys)) cli('credential', 'add', `--data=${server.dir}`, '--merchant=1', '--dialect=native', `--id=${id}`, `--scopes=${scope}`);
  await server.run();
  api = new Native(server.port);
  template = await api.template();
});
after(async () => {
  for (const a of [api, ...open]) a?.close();
  const status = await server?.stop();
  await server?.close();
  assert.equal(status, 0);
});

const make = (order, options) => api.ok('POST', '/v1/jobs', order, options);
const get = (id) => api.ok('GET', `/v1/jobs/${id}`);
function put(id, body, range, who = api) {
  const request = who.request('PUT', `/v1/jobs/${id}/input`, undefined, { headers: range ? { 'content-range': `bytes ${range}` } : {} });
  return who.send({ ...request, body });
}
async function ended(id, ms = 10000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) {
    const job = await get(id);
    if (['done', 'cancelled', 'failed'].includes(job.state)) return job;
  }
  throw new Error(`job ${id} did not end: ${JSON.stringify(await get(id))}`);
}
const result = (id, headers = {}, who = api) => who.call('GET', `/v1/jobs/${id}/result`, undefined, { headers });
const lines = (text) => text.split('\n').filter(Boolean).map((l) => JSON.parse(l));
const refused = (r, status, code, field) => assert.deepEqual([r.status, r.json?.code, r.json?.field], [status, code, field], r.text);
/** The whole way: make, input, end; the job and its rows. */
async function run(order, input) {
  const { job_id } = await make(order);
  if (input !== undefined) assert.equal((await put(job_id, input)).status, 200);
  const job = await ended(job_id);
  const { text } = await result(job_id);
  return { job, rows: order.format === 'ndjson' ? lines(text) : csvObjects(text) };
}

test('codes are generated', async () => {
  const { job, rows } = await run({ kind: 'generate', template_id: template, count: 600, format: 'ndjson', reason: 'printed' });
  assert.deepEqual([job.state, job.total, job.done, job.refused], ['done', 600, 600, 0]);
  assert.deepEqual(rows.map((r) => r.row), [...Array(600).keys()].map((i) => i + 1));
  assert.equal(new Set(rows.map((r) => r.code)).size, 600);
  const shown = await api.ok('GET', `/v1/coupons/${rows[300].code}`);
  assert.deepEqual([shown.state, shown.customer_id, shown.events[0].reason], ['unused', undefined, 'printed']);
});
test('generating ends where the template does', async () => {
  const small = await api.template({ limits: { total: 300 } });
  const { job, rows } = await run({ kind: 'generate', template_id: small, count: 10000, format: 'ndjson' });
  assert.deepEqual([job.state, job.trouble], ['failed', 'template_exhausted']);
  assert.equal(rows.filter((r) => r.result === 'ok').length, 300);
  assert.equal(job.done - job.refused, 300);
  assert.ok(job.done < 10000);
});
test('coupons are issued to a list; each row has its verdict', async () => {
  const one = await api.template({ limits: { per_customer: 1 } });
  const { job, rows } = await run({ kind: 'issue', template_id: one }, 'phone,customer_id\n13911110001,\n13911110001,\n,' + OWNER + '\n,\nbad,row,here\n13911110002,\n');
  assert.deepEqual([job.state, job.total, job.done, job.refused], ['done', 6, 6, 3]);
  assert.deepEqual(rows.map((r) => [r.row, r.result]), [['1', 'ok'], ['2', 'person_exhausted'], ['3', 'ok'], ['4', 'customer_unknown'], ['5', 'parameter_invalid'], ['6', 'ok']]);
  assert.equal(rows[2].customer_id, OWNER);
  assert.equal((await api.ok('GET', `/v1/coupons/${rows[0].code}`)).customer_id, rows[0].customer_id);
});
test('recalled and extended by their codes', async () => {
  const codes = await api.codes(await api.template({ valid: { until: '2096-12-31' } }), 5);
  const recall = await run({ kind: 'recall', format: 'ndjson', reason: 'wrong', operator: 'anna' }, codes.slice(0, 2).concat('nothing-like-it', codes[0]).map((code) => JSON.stringify({ code })).join('\n'));
  assert.deepEqual(recall.rows.map((r) => [r.code, r.result]), [[codes[0], 'ok'], [codes[1], 'ok'], ['nothing-like-it', 'coupon_unknown'], [codes[0], 'coupon_recalled']]);
  const event = (await api.ok('GET', `/v1/coupons/${codes[0]}`)).events.at(-1);
  assert.deepEqual([event.kind, event.reason, event.operator], ['recalled', 'wrong', 'anna']);
  const extend = await run({ kind: 'extend', until: '2098-05-31' }, `code,end_at\n${codes[2]},\n${codes[3]},2097-01-01 00:00:00\n${codes[1]},\n`);
  assert.deepEqual(extend.rows.map((r) => r.result), ['ok', 'ok', 'coupon_recalled']);
  assert.deepEqual(await Promise.all([2, 3].map(async (i) => (await api.ok('GET', `/v1/coupons/${codes[i]}`)).valid_until)), ['2098-05-31T23:59:59+08:00', '2097-01-01T00:00:00+08:00']);
  const none = await run({ kind: 'extend' }, `code\n${codes[4]}\n`);
  assert.deepEqual([none.rows[0].result, none.rows[0].field], ['parameter_missing', 'end_at']);
});
for (const format of ['csv', 'ndjson'])
  test(`imported and exported: ${format}`, async () => {
    const rows = [...Array(700).keys()].map((i) => ({ code: `${format}-${i}`, template_id: template, phone: String(13700000000 + i), attribute: `"${i}", x` }));
    const bytes = format === 'csv'
      ? 'code,template_id,phone,attribute\n' + rows.map((r) => `${r.code},${r.template_id},${r.phone},"${r.attribute.replaceAll('"', '""')}"\n`).join('')
      : rows.map((r) => JSON.stringify(r) + '\n').join('');
    const { job, rows: results } = await run({ kind: 'import', resource: 'coupons', format }, bytes);
    assert.deepEqual([job.state, job.done, job.refused, job.read_bytes, job.input_bytes], ['done', 700, 0, Buffer.byteLength(bytes), Buffer.byteLength(bytes)]);
    assert.deepEqual(results.map((r) => r.code), rows.map((r) => r.code));
    const { job: out, rows: exported } = await run({ kind: 'export', resource: 'coupons', format });
    assert.equal(out.done, exported.length);
    assert.deepEqual(exported.filter((r) => r.code.startsWith(`${format}-`)).map((r) => [r.code, r.phone, r.attribute]), rows.map((r) => [r.code, r.phone, r.attribute]));
    for (const resource of ['departments', 'customers', 'templates', 'campaigns', 'audience', 'events']) {
      const { job, rows } = await run({ kind: 'export', resource, format });
      assert.deepEqual([job.state, job.done], ['done', rows.length], resource);
    }
  });

test('an input comes in parts: again is accepted, a gap is not', async () => {
  const { job_id } = await make({ kind: 'import', resource: 'customers' });
  const bytes = 'customer_id,name\n' + [...Array(50).keys()].map((i) => `part-${i},小${i}\n`).join('');
  const input = Buffer.from(bytes), size = input.length;
  const part = (from, to, total = '*') => put(job_id, input.subarray(from, to), `${from}-${to - 1}/${total}`);
  assert.equal((await part(0, 100)).json.input_bytes, 100);
  const gap = await part(150, 200);
  refused(gap, 400, 'parameter_invalid', 'Content-Range');
  assert.equal(gap.json.value, '100');
  assert.equal((await part(0, 100)).json.input_bytes, 100);
  assert.equal((await part(50, 150)).json.input_bytes, 150); // what a torn one left is written over
  assert.equal((await get(job_id)).state, 'waiting_for_input');
  for (const [range, body] of [['0-99/50', 100], ['0-98/*', 100], ['x', 1], ['5-4/*', 0], ['150-199/1', 50], ['*/*', 0], [`0-0/${'9'.repeat(30)}`, 1]])
    refused(await put(job_id, Buffer.alloc(body), range), 400, 'parameter_invalid', 'Content-Range');
  assert.equal((await part(150, size)).json.state, 'waiting_for_input');
  assert.notEqual((await put(job_id, undefined, `*/${size}`)).json.state, 'waiting_for_input');
  assert.equal((await part(150, size, size)).status, 200);
  const job = await ended(job_id);
  assert.equal((await part(150, size, size)).status, 200);
  refused(await put(job_id, Buffer.alloc(10), `${size}-${size + 9}/${size + 10}`), 409, 'job_ended', 'job_id');
  assert.deepEqual([job.state, job.done, job.refused], ['done', 50, 0]);
  assert.equal((await api.ok('GET', '/v1/customers/part-49')).name, '小49');
});
test('an input that is none, or is not ours', async () => {
  const failed = async (order, input, trouble) => {
    const { job_id } = await make(order);
    await put(job_id, input);
    const job = await ended(job_id);
    assert.deepEqual([job.state, job.done], ['failed', 0]);
    assert.match(job.trouble, trouble);
    assert.equal((await result(job_id)).text, '');
  };
  await failed({ kind: 'import', resource: 'coupons' }, 'code,colour\na,b\n', /colour/);
  await failed({ kind: 'recall' }, 'reason\nx\n', /code/);
  const { job, rows } = await run({ kind: 'recall', format: 'ndjson' }, 'no json\n\n[]\n{"code":1}\n');
  assert.deepEqual([job.state, ...rows.map((r) => r.result)], ['done', 'parameter_invalid', 'parameter_invalid', 'coupon_unknown']);
});
test('a result by range', async () => {
  const { job } = await run({ kind: 'generate', template_id: template, count: 100 });
  const whole = await result(job.job_id);
  assert.equal(whole.headers['content-type'], 'text/csv;charset=UTF-8');
  const size = whole.text.length;
  const part = async (range) => {
    const r = await result(job.job_id, { range: `bytes=${range}`, 'accept-encoding': 'gzip' });
    return [r.status, r.headers['content-range'], r.text];
  };
  assert.deepEqual(await part('0-9'), [206, `bytes 0-9/${size}`, whole.text.slice(0, 10)]);
  assert.deepEqual(await part('10-'), [206, `bytes 10-${size - 1}/${size}`, whole.text.slice(10)]);
  assert.deepEqual(await part('-5'), [206, `bytes ${size - 5}-${size - 1}/${size}`, whole.text.slice(-5)]);
  assert.deepEqual(await part(`${size - 1}-${size + 100}`), [206, `bytes ${size - 1}-${size - 1}/${size}`, '\n']);
  for (const range of ['bytes=9-8', `bytes=${size}-`, 'lines=1-2', 'bytes=1-2,4-5', 'bytes=-0', 'bytes=-'])
    refused(await result(job.job_id, { range }), 400, 'parameter_invalid', 'Range');
});
test('more than one answer holds goes by range alone', async () => {
  const { job_id } = await make({ kind: 'generate', template_id: template, count: 100000, format: 'ndjson' });
  const job = await ended(job_id, 60000);
  assert.equal(job.state, 'done');
  assert.ok(job.result_bytes > 4 * 1024 * 1024);
  const whole = await result(job_id);
  refused(whole, 409, 'answer_too_large', 'Range');
  const parts = [];
  for (let at = 0; at < job.result_bytes; at += Buffer.byteLength(parts.at(-1))) {
    const r = await result(job_id, { range: `bytes=${at}-` });
    assert.equal(r.status, 206);
    assert.ok(r.headers['content-range'].startsWith(`bytes ${at}-`));
    parts.push(r.text);
  }
  assert.deepEqual(lines(parts.join('')).map((r) => r.row), [...Array(100000).keys()].map((i) => i + 1));
});
test('repeats make one job; cancel ends it', async () => {
  const number = fresh(), order = { kind: 'recall', format: 'ndjson' };
  const first = await api.post('/v1/jobs', order, { number });
  assert.equal(first.status, 201);
  assert.equal((await api.post('/v1/jobs', order, { number })).text, first.text);
  const id = first.json.job_id;
  const cancelled = await api.ok('POST', `/v1/jobs/${id}/cancel`, {});
  assert.equal(cancelled.state, 'cancelled');
  assert.equal((await api.ok('POST', `/v1/jobs/${id}/cancel`, {})).state, 'cancelled');
  refused(await put(id, '{"code":"x"}\n'), 409, 'job_ended', 'job_id');
  const long = await make({ kind: 'generate', template_id: template, count: 1000000 });
  await sleep(100);
  assert.ok(['cancelling', 'cancelled'].includes((await api.ok('POST', `/v1/jobs/${long.job_id}/cancel`, {})).state));
  const job = await ended(long.job_id);
  assert.equal(job.state, 'cancelled');
  assert.ok(job.done < 1000000);
  if (job.result_bytes < 4 * 1024 * 1024) assert.equal(csvObjects((await result(job.job_id)).text).length, job.done);
  refused(await api.post(`/v1/jobs/${(await run({ kind: 'export', resource: 'departments' })).job.job_id}/cancel`, {}), 409, 'job_ended', 'job_id');
});
test('scopes: issue, manage, read', async () => {
  const orders = {
    issue: [{ kind: 'issue', template_id: template }, { kind: 'generate', template_id: template, count: 1 }],
    manage: [{ kind: 'recall' }, { kind: 'extend' }, { kind: 'import', resource: 'coupons' }],
    read: [{ kind: 'export', resource: 'coupons' }],
  };
  for (const [scope, list] of Object.entries(orders))
    for (const order of list)
      for (const other of Object.keys(orders)) {
        const who = as(other);
        const r = await who.post('/v1/jobs', order);
        if (other !== scope) {
          refused(r, 403, 'scope_missing', undefined);
          const { job_id } = await as(scope).ok('POST', '/v1/jobs', order);
          refused(await put(job_id, 'x', undefined, who), 403, 'scope_missing', undefined);
          refused(await result(job_id, {}, who), 403, 'scope_missing', undefined);
          refused(await who.post(`/v1/jobs/${job_id}/cancel`, {}), 403, 'scope_missing', undefined);
          await api.call('POST', `/v1/jobs/${job_id}/cancel`, {});
        } else {
          assert.equal(r.status, 201, r.text);
          await api.call('POST', `/v1/jobs/${r.json.job_id}/cancel`, {});
        }
      }
});
test('what is wrong with an order', async () => {
  const wrong = async (order, status, code, field) => refused(await api.post('/v1/jobs', order), status, code, field);
  await wrong({}, 400, 'parameter_missing', 'kind');
  await wrong({ kind: 'dance' }, 400, 'parameter_invalid', 'kind');
  await wrong({ kind: 'generate', count: 1 }, 400, 'parameter_missing', 'template_id');
  await wrong({ kind: 'generate', template_id: template }, 400, 'parameter_missing', 'count');
  await wrong({ kind: 'generate', template_id: 987654321, count: 1 }, 404, 'template_unknown', 'template_id');
  await wrong({ kind: 'import' }, 400, 'parameter_missing', 'resource');
  await wrong({ kind: 'import', resource: 'events' }, 400, 'parameter_invalid', 'resource');
  await wrong({ kind: 'export', resource: 'secrets' }, 400, 'parameter_invalid', 'resource');
  await wrong({ kind: 'export', resource: 'coupons', format: 'xml' }, 400, 'parameter_invalid', 'format');
  for (const id of ['0', '999999', 'x', '-1']) {
    refused(await api.call('GET', `/v1/jobs/${id}`), 404, 'job_unknown', 'job_id');
    refused(await put(id, 'x'), 404, 'job_unknown', 'job_id');
    refused(await result(id), 404, 'job_unknown', 'job_id');
  }
});
test('twenty are open at once, no more', async () => {
  const made = [];
  let last;
  do {
    last = await api.post('/v1/jobs', { kind: 'recall' });
    made.push(last.json.job_id);
  } while (last.status === 201 && made.length < 30);
  refused(last, 409, 'limit_reached', 'jobs');
  assert.ok(made.length <= 21);
  for (const id of made.slice(0, -1)) await api.ok('POST', `/v1/jobs/${id}/cancel`, {});
  const page = await api.ok('GET', '/v1/jobs?limit=3');
  assert.equal(page.data.length, 3);
  assert.ok(page.next_cursor);
});
