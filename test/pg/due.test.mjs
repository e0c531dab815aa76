// A courier on a node of its own: what it costs while nothing is due does not grow with the merchants there are, and
// what another node writes it finds in time. Run by tools/with-postgresql.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Server, cli, place } from '../js/server.mjs';
import { folder, sleep, until } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { Receiver } from '../js/receiver.mjs';

const MERCHANTS = 5000, FIRST = 100000, LOOK_MS = 8000, IN_TIME_MS = 6000;
const BOX = 'key-of-the-sandbox1';
const box = folder('due');
const dir = box.at('data');
let writer, courier, api, sandbox, receiver;

const sql = (text) => execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', text, place(dir)[0].slice('--store='.length)], { encoding: 'utf8' }).trim();
/** Transactions that were ended since: each read is one. */
const transactions = () => Number(sql('select pg_stat_force_next_flush(); select xact_commit + xact_rollback from pg_stat_database where datname = current_database()'));
async function perSecond() {
  await sleep(3000); // what came before is counted by then
  const before = transactions();
  await sleep(LOOK_MS);
  return ((transactions() - before) * 1000) / LOOK_MS;
}

before(async () => {
  cli('demo', `--data=${dir}`);
  cli('merchant', 'add', '--name=box', '--sandbox', `--data=${dir}`);
  cli('credential', 'add', `--data=${dir}`, '--merchant=2', '--dialect=native', `--id=${BOX}`);
  writer = await Server.start({ dir, demo: false, args: ['--courier=false', '--allow-private-targets'] });
  courier = await Server.start({ dir, demo: false, args: ['--allow-private-targets'] });
  api = new Native(writer.port);
  sandbox = new Native(writer.port, 1, BOX);
});
after(async () => {
  api?.close();
  sandbox?.close();
  await receiver?.close();
  await writer?.close();
  await courier?.close();
  box.remove();
});

test('merchants for whom nothing is due cost nothing', async () => {
  const few = await perSecond();
  const all = `from generate_series(${FIRST}, ${FIRST + MERCHANTS - 1}) i`;
  // as far as desks look at them: each has a campaign for later, and a webhook
  sql(`insert into head select i ${all};
    insert into merchant (merchant_id, number, name, created, merchants_since, merchants_ordinal) select 0, i, 'm' || i, now(), now(), (select next from list_state where merchant_id = 0 and list = 1) + i - ${FIRST} ${all};
    update list_state set next = next + ${MERCHANTS}, count = count + ${MERCHANTS} where merchant_id = 0 and list = 1;
    insert into campaign (merchant_id, number, live, name, status, phase, running, starts, campaigns_ordinal, campaigns_running_ordinal, campaigns_since, campaigns_running_since)
      select i, 5, true, 'c', 1, 1, true, now() + interval '1 year', 1, 1, now(), now() ${all};
    insert into webhook (merchant_id, number, live, url, webhooks_ordinal, webhooks_since) select i, 6, true, 'https://x.example', 1, now() ${all};
    insert into list_state (merchant_id, list, owner, next, count, first) select i, l, '', 2, 1, 1 ${all}, unnest(array[11, 24, 32]) l;
    analyze`);
  const many = await perSecond();
  console.log(`# ${few.toFixed(1)} transactions a second with two merchants, ${many.toFixed(1)} with ${MERCHANTS} more`);
  assert.ok(many < few * 1.5 + 10, `${few} and ${many}`);
});

/** Milliseconds until it is there. */
async function waited(is, what) {
  const begin = Date.now();
  await until(is, 30000, what);
  return Date.now() - begin;
}
const isSent = async (by, source) => (await by.ok('GET', `/v1/campaigns/${source}/progress`)).sent === 1;
/** A campaign of one member that begins in so many seconds. */
async function campaign(by, source, seconds) {
  const template_id = await by.template();
  const starts_at = new Date(Date.now() + seconds * 1000).toISOString();
  await by.ok('PUT', `/v1/campaigns/${source}`, { name: source, starts_at, rewards: [{ template_id }] });
  await by.ok('POST', `/v1/campaigns/${source}/targets`, { nicks: [`nick-${source}`] });
}

test('what another node writes is found in time: events, campaigns, those that begin later', async () => {
  receiver = await Receiver.start();
  await api.ok('POST', '/v1/webhooks', { url: receiver.url });
  await api.ok('POST', '/v1/coupons', { template_id: await api.template() });
  const event = await waited(() => receiver.taken.length > 0, 'the event');
  await campaign(api, 'now', -1);
  const now = await waited(() => isSent(api, 'now'), 'the campaign');
  await campaign(api, 'later', 8);
  await sleep(5000);
  assert.equal(await isSent(api, 'later'), false);
  const later = await waited(() => isSent(api, 'later'), 'the later campaign');
  console.log(`# ms: event ${event}, campaign ${now}, later campaign ${later - 3000}`);
  assert.ok(event < IN_TIME_MS && now < IN_TIME_MS && later - 3000 < IN_TIME_MS, `${event} ${now} ${later}`);
});

test('so is what a sandbox finds due by its own clock', async () => {
  await campaign(sandbox, 'tomorrow', 24 * 3600);
  await sleep(3000);
  assert.equal(await isSent(sandbox, 'tomorrow'), false);
  await sandbox.ok('POST', '/v1/merchant/clock', { advance_seconds: 25 * 3600 });
  const moved = await waited(() => isSent(sandbox, 'tomorrow'), 'the campaign of tomorrow');
  // its clock stays ahead: what is written there now is due by it
  await campaign(sandbox, 'ahead', 24 * 3600);
  const ahead = await waited(() => isSent(sandbox, 'ahead'), 'the campaign on a clock ahead');
  console.log(`# ms: moved ${moved}, ahead ${ahead}`);
  assert.ok(moved < IN_TIME_MS && ahead < IN_TIME_MS, `${moved} ${ahead}`);
});
