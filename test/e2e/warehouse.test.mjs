// docs/warehouse.md, as it stands there: a copy in PostgreSQL that follows, and its three questions.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { folder } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { MISSING, Postgres } from '../js/postgres.mjs';
import { BINARY, Server, place } from '../js/server.mjs';

const page = readFileSync(new URL('../../docs/warehouse.md', import.meta.url), 'utf8');
const blocks = (language) => [...page.matchAll(new RegExp('```' + language + '\\n([\\s\\S]*?)```', 'g'))].map((m) => m[1]);
const [tables, take, brought, remind, months] = blocks('sql'), [round] = blocks('bash');
const box = folder('warehouse');
let server, api, postgres;
before(async () => {
  if (MISSING) return;
  [server, postgres] = await Promise.all([Server.start(), Postgres.start({ fsync: false })]);
  api = new Native(server.port);
  writeFileSync(box.at('take.sql'), take);
  ask(tables);
});
after(async () => {
  api?.close();
  await server?.close();
  await postgres?.stop();
  box.remove();
});

const env = () => ({ ...process.env, PGHOST: postgres.dir, PGPORT: String(postgres.port), PGUSER: 'couponry', PGDATABASE: 'postgres' });
const ask = (sql, ...more) => execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', ...more, '-f', '-'], { env: env(), input: sql, encoding: 'utf8' }).split('\n').filter(Boolean);
function bring() {
  const STORE = place(server.dir).join(' ');
  execFileSync('bash', ['-euo', 'pipefail', '-c', round], { cwd: box.path, env: { ...env(), STORE, PATH: `${dirname(BINARY)}:${process.env.PATH}` } });
}

test('the copy follows, and answers', { skip: MISSING, timeout: 120000 }, async () => {
  const ten = await api.template({ name: 'ten off', valid: { until: '2099-12-31' } });
  const soon = await api.template({ name: 'soon over', valid: { lasts_days: 5 } });
  const give = async (template_id, customer, more = {}) => (await api.ok('POST', '/v1/coupons', { template_id, customer, ...more })).coupons.map((c) => c.code);
  await api.ok('PUT', '/v1/customers/anna', { name: 'Anna', phone: '13911112222' });
  await api.ok('PUT', '/v1/customers/bert', { name: 'B\\e"r,t' });
  const anna = await give(ten, 'anna', { count: 3 }), bert = await give(ten, 'bert');
  const reminded = await give(soon, 'anna', { count: 2 });
  bring();
  assert.deepEqual(ask('SELECT name, phone FROM customer WHERE customer_id IN (\'anna\', \'bert\') ORDER BY 1'), ['Anna|13911112222', 'B\\e"r,t|']);
  assert.deepEqual(ask(brought), []);

  // Changes, then the next round.
  const redeem = (code, order_no, amount_fen, shop) => api.ok('POST', `/v1/coupons/${code}/redeem`, { order_no, amount_fen, shop });
  await redeem(anna[0], 'o1', 10000, 'north');
  await redeem(anna[1], 'o2', 20050, 'south');
  await redeem(bert[0], 'o3', 5000, 'north');
  await api.ok('POST', `/v1/coupons/${bert[0]}/reverse`, { cause: 'refund' });
  await redeem(reminded[0], 'o4', 3000, 'south');
  const gone = await api.template({ name: 'gone' });
  await api.ok('DELETE', `/v1/templates/${gone}`);
  bring();
  bring(); // nothing new: nothing changes
  assert.deepEqual(ask(brought), ['soon over|south|1|30.00|10.00', 'ten off|north|2|100.00|10.00', 'ten off|south|1|200.50|10.00']);
  const now = new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19);
  assert.deepEqual(ask(remind, '-v', `now=${now}`).map((l) => l.split('|').slice(0, 3)), [['Anna', '13911112222', '1']]);
  const month = now.slice(0, 7);
  assert.deepEqual(ask(months).filter((l) => l.startsWith(month)), [`${month}-01|6|4|66.7|0.0`]);
  assert.deepEqual(ask('SELECT name FROM template WHERE gone'), ['gone']);

  // The copy forgets who is erased.
  await api.ok('DELETE', '/v1/customers/anna');
  bring();
  assert.deepEqual(ask('SELECT customer_id, name, phone FROM customer WHERE customer_id = \'anna\''), ['anna||']);
  assert.equal(ask('SELECT count(*) FROM coupon')[0], String((await api.ok('GET', '/v1/coupons?limit=100')).data.length));
  assert.ok(ask('SELECT kind, entry FROM position').length === 4);
});
