// The command line: every command, its exit codes, its output for programs, alone and through a server.
import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Native } from '../js/native.mjs';
import { BINARY, Server } from '../js/server.mjs';
import { Client, command, done, entries, exported, folder, program, text, verify } from '../js/e2e.mjs';

const box = folder('cli');
const demo = box.at('demo');
let server; // serves `served`, a directory of its own
const served = box.at('served');

before(async () => {
  await done(['demo', `--data=${demo}`]);
  await done(['demo', `--data=${served}`]);
  server = await Server.start({ dir: served, demo: false });
});
after(async () => {
  await server?.close();
  box.remove();
});

/** Refused: 1, the fault's name after the program's on stderr, nothing on stdout. */
async function refused(fault, args, options) {
  const r = await command(args, options);
  assert.equal(r.status, 1, `${args.join(' ')}: ${r.status}\n${r.stdout}${r.stderr}`);
  assert.match(r.stderr, new RegExp(`(^|\n)couponry: ${fault}: `), r.stderr);
  return r;
}
async function usage(args, about, options) {
  const r = await command(args, options);
  assert.equal(r.status, 2, `${args.join(' ')}: ${r.status}\n${r.stdout}${r.stderr}`);
  assert.match(r.stderr, /^couponry: /);
  assert.match(r.stderr, about);
  assert.equal(r.stdout, '');
}
const fresh = (() => {
  let n = 0;
  return async (...args) => {
    const dir = box.at(`fresh${++n}`);
    await done(['merchant', 'add', '--name=only', `--data=${dir}`, ...args]);
    return dir;
  };
})();

describe('help, version, usage', () => {
  test('version', async () => {
    assert.match(await done(['version']), /^couponry \d+\.\d+\.\d+\n$/);
    assert.match(JSON.parse(await done(['version', '--output=json'])).version, /^\d+\.\d+\.\d+$/);
  });
  test('help names every command', async () => {
    const help = await done(['help']);
    for (const name of ['serve', 'demo', 'merchant add', 'merchant change', 'merchant list', 'credential add', 'credential change', 'import', 'export', 'sign',
      'ledger verify', 'ledger show', 'ledger as-of', 'ledger checkpoint', 'ledger check', 'ledger public-key', 'backup', 'restore', 'config', 'version'])
      assert.match(help, new RegExp(`^couponry ${name}\\b`, 'm'));
  });
  const wrong = [
    [[], /no command/],
    [['nothing'], /nothing/],
    [['merchant'], /merchant/],
    [['merchant', 'remove'], /remove/],
    [['merchant', 'list'], /--data/],
    [['merchant', 'list', '--data=D', 'more'], /more/],
    [['merchant', 'list', '--data=D', '--nam=x'], /--nam\b/],
    [['merchant', 'list', '--data=D', '--output=xml'], /--output/],
    [['merchant', 'list', '--data=D', '--store=postgresql://x'], /--data/],
    [['merchant', 'add', '--data=D', '--name'], /--name wants a value/],
    [['import', 'coupons', 'f', '--data=D', '--dry-run=maybe'], /true or false/],
    [['restore', '--from=x'], /--data/],
    [['serve'], /--data/],
    [['serve', '--data=D', '--nope=1'], /--nope/],
    [['serve', '--data=D', '--listen'], /--listen wants a value/],
    [['serve', '--data=D', '--workers=many'], /workers/],
    [['serve', '--data=D', '--tls-cert=x'], /go together/],
    [['serve', '--store=postgresql://x'], /--master-key/],
    [['serve', '--store=mysql://x', '--master-key=K'], /postgresql:/],
    [['serve', '--data=D', '--store=postgresql://x'], /--data/],
    [['merchant', 'list', '--store=postgresql://x'], /--master-key/],
    [['serve', 'D'], /flag/],
  ];
  for (const [args, about] of wrong) test(`usage: couponry ${args.join(' ')}`, () => usage(args, about, { cwd: box.path }));
  test('none of these made a directory', () => assert.equal(existsSync(box.at('D')), false));
  const wrongHere = [
    [['import'], /kind/],
    [['import', 'nothing', 'f.csv'], /nothing/],
    [['export', 'nothing'], /nothing/],
    [['export'], /kind/],
    [['merchant', 'add'], /--name/],
    [['merchant', 'add', '--name='], /--name/],
    [['merchant', 'add', '--name=' + 'x'.repeat(101)], /--name/],
    [['credential', 'add', '--dialect=telnet', '--id=a', '--secret=b'], /--dialect/],
    [['credential', 'add', '--dialect=top', '--secret=b'], /--id/],
    [['credential', 'add', '--dialect=top', '--id=a'], /--secret/],
    [['credential', 'add', '--dialect=top', '--id=' + 'x'.repeat(101), '--secret=b'], /--id/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=' + 'x'.repeat(257)], /--secret/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=b', '--sign-mode=tencent'], /--sign-mode/],
    [['credential', 'add', '--dialect=zvcms', '--id=a', '--secret=b', '--sign-mode=query'], /--sign-mode/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=b', '--skew=soon'], /--skew/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=b', '--skew=86401'], /--skew/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=b', '--trusted=10.0.0.0/99'], /--trusted/],
    [['credential', 'add', '--dialect=top', '--id=a', '--secret=b', '--trusted=home'], /--trusted/],
    [['sign', '--credential=12345678'], /--method/],
    [['sign', '--method=x'], /--credential/],
    [['sign', '--credential=12345678', '--method=x', '--param=novalue'], /--param/],
    [['backup'], /--to/],
    [['clock'], /--accept/],
  ];
  for (const [args, about] of wrongHere)
    test(`usage: couponry ${args.join(' ').slice(0, 90)}`, async () => {
      await usage([...args, `--data=${demo}`], about);
      await usage([...args, `--data=${served}`], about);
    });
});

describe('demo', () => {
  test('prints its credentials, and is one merchant', async () => {
    const said = await done(['demo', `--data=${demo}`]);
    for (const word of ['12345678', 'helloworld', '100000001', 'wjbsecret', 'demo-token', '8888888888888888888',
      'demoappkey12345678', '6dc05b4ac175cf316d226252b05cf685', 'zvcmssecret', '782c281f62', 'demo-native-key'])
      assert.ok(said.includes(word), word);
    assert.equal(await done(['merchant', 'list', '--output=json', `--data=${demo}`]), '[{"id": 1, "name": "demo", "zone": "+08:00", "sandbox": false, "clock_ms": 0}]\n');
    assert.equal(await done(['merchant', 'list', `--data=${demo}`]), '1\tdemo\n');
  });
  test('twice changes nothing', async () => {
    const before = await entries(demo);
    await done(['demo', `--data=${demo}`]);
    assert.equal(await entries(demo), before);
    const there = await entries(served);
    await done(['demo', `--data=${served}`]);
    assert.equal(await entries(served), there);
  });
  test('makes the master key beside the directory, for the owner alone', () => {
    assert.equal(statSync(`${demo}.key`).mode & 0o777, 0o600);
    assert.equal(statSync(demo).mode & 0o777, 0o700);
  });
  test('--master-key keeps it elsewhere; without it the store stays shut', async () => {
    const dir = box.at('elsewhere'), key = box.at('keys.txt');
    await done(['demo', `--data=${dir}`, `--master-key=${key}`]);
    assert.equal(existsSync(`${dir}.key`), false);
    assert.equal(statSync(key).mode & 0o777, 0o600);
    await done(['merchant', 'list', `--data=${dir}`, `--master-key=${key}`]);
    await refused('key_file_wrong', ['merchant', 'list', `--data=${dir}`]);
    await refused('key_file_wrong', ['merchant', 'list', `--data=${dir}`, `--master-key=${demo}.key`]);
  });
});

describe('merchants and credentials', () => {
  test('merchant add and list', async () => {
    const dir = await fresh();
    assert.equal(await done(['merchant', 'add', '--name=a "b" 店', `--data=${dir}`]), 'merchant 2\n');
    assert.deepEqual(JSON.parse(await done(['merchant', 'add', '--name=third', '--output=json', `--data=${dir}`])), { id: 3 });
    assert.deepEqual(JSON.parse(await done(['merchant', 'list', '--output=json', `--data=${dir}`])), [
      { id: 1, name: 'only' },
      { id: 2, name: 'a "b" 店' },
      { id: 3, name: 'third' },
    ].map((m) => ({ ...m, zone: '+08:00', sandbox: false, clock_ms: 0 })));
    await refused('value_taken', ['merchant', 'add', '--name=third', `--data=${dir}`]);
  });
  test('no data directory', async () => {
    await refused('data_missing', ['merchant', 'list', `--data=${box.at('none')}`]);
    await refused('data_missing', ['export', 'coupons', `--data=${box.at('none')}`]);
    assert.equal(existsSync(box.at('none')), false);
    assert.equal(existsSync(box.at('none.key')), false);
  });
  test('one key belongs to one merchant, per dialect', async () => {
    const dir = await fresh();
    const add = (...more) => ['credential', 'add', '--merchant=1', '--secret=s', '--id=K1', ...more, `--data=${dir}`];
    await done(add('--dialect=top'));
    await refused('value_taken', add('--dialect=top'));
    await refused('value_taken', add('--dialect=top', '--secret=t'));
    assert.deepEqual(JSON.parse(await done(add('--dialect=wjb', '--output=json'))), {});
    await refused('merchant_unknown', ['credential', 'add', '--merchant=7', '--dialect=top', '--id=K2', '--secret=s', `--data=${dir}`]);
    await refused('merchant_unknown', ['credential', 'add', '--merchant=x', '--dialect=top', '--id=K2', '--secret=s', `--data=${dir}`]);
    assert.deepEqual(JSON.parse(await done(['credential', 'list', '--output=json', `--data=${dir}`])), [
      { dialect: 'top', id: 'K1', merchant: 1, demo: false },
      { dialect: 'wjb', id: 'K1', merchant: 1, demo: false },
    ].map((c) => ({ ...c, label: '', scopes: [], calls_per_s: 0, burst: 0, expires: null, revoked: false })));
  });
  test('credential list shows no secret', async () => {
    for (const dir of [demo, served])
      for (const form of ['text', 'json']) {
        const said = await done(['credential', 'list', `--output=${form}`, `--data=${dir}`]);
        assert.ok(said.includes('12345678'));
        for (const secret of ['demo-native-key', 'helloworld', 'wjbsecret', 'demo-token', 'demoappkey12345678', 'zvcmssecret', '782c281f62'])
          assert.ok(!said.includes(secret), secret);
      }
  });
  test('--merchant may be left out while there is only one', async () => {
    const dir = await fresh();
    assert.match(await done(['export', 'coupons', `--data=${dir}`]), /^code,/);
    await done(['merchant', 'add', '--name=two', `--data=${dir}`]);
    const r = await refused('merchant_unknown', ['export', 'coupons', `--data=${dir}`]);
    assert.match(r.stderr, /--merchant=ID/);
    assert.match(await done(['export', 'coupons', '--merchant=2', `--data=${dir}`]), /^code,/);
    for (const wrong of ['3', 'two', '0', '-1', ''])
      await refused('merchant_unknown', ['ledger', 'show', '--coupon=x', `--merchant=${wrong}`, `--data=${dir}`]);
  });
});

describe('settings', () => {
  test('--example can be checked and shows the defaults', async () => {
    const example = await done(['config', '--example']);
    const file = box.at('example.conf');
    writeFileSync(file, example);
    assert.match(await done(['config', `--check=${file}`]), /good/);
    writeFileSync(file, example.replace(/^#(?=[a-z-]+ = \S)/gm, ''));
    assert.match(await done(['config', `--check=${file}`]), /good/);
    const shown = await done(['config', '--show']);
    for (const line of shown.trimStart().split('\n').slice(0, -1)) assert.match(line, /^[a-z-]+ = /);
    assert.match(shown, /^listen = 127\.0\.0\.1:8080$/m);
    for (const name of shown.match(/^[a-z-]+/gm)) assert.match(example, new RegExp(`^#${name} =`, 'm'));
  });
  test('--check alone, and of wrong files', async () => {
    assert.match(await done(['config', '--check']), /good/);
    const file = box.at('wrong.conf');
    for (const [line, about] of [['nothing = 1', /wrong\.conf:2.*nothing/], ['workers = x', /workers/], ['segment-mib = 1', /segment-mib is 0 or 32\.\.1024, not 1/], ['segment-mib = 1025', /32\.\.1024/], ['allow-demo = perhaps', /allow-demo/], ['just words', /just words/]]) {
      writeFileSync(file, `# a comment\n${line}\n`);
      await usage(['config', `--check=${file}`], about);
      await usage(['serve', `--config=${file}`, `--data=${demo}`], about);
    }
    await usage(['config', `--check=${box.at('no.conf')}`], /no\.conf/);
  });
  test('the flag wins over the environment, the environment over the file', async () => {
    const file = box.at('some.conf');
    writeFileSync(file, 'listen = 127.0.0.1:1111\nworkers = 3\ntls-cert = from file\n');
    const env = { COUPONRY_CONFIG: file, COUPONRY_LISTEN: '127.0.0.1:2222', COUPONRY_SEGMENT_MIB: '64' };
    const shown = await done(['config', '--show'], { env });
    assert.match(shown, /^listen = 127\.0\.0\.1:2222$/m);
    assert.match(shown, /^workers = 3$/m);
    assert.match(shown, /^tls-cert = from file$/m);
    assert.match(shown, /^segment-mib = 64$/m);
    assert.match(await done(['config', '--show', `--config=${file}`]), /^listen = 127\.0\.0\.1:1111$/m);
    await usage(['config', '--show'], /workers/, { env: { COUPONRY_WORKERS: 'x' } });
  });
  test('every option of a command is an environment variable, also through a server', async () => {
    for (const dir of [demo, served]) {
      const env = { COUPONRY_DATA: dir, COUPONRY_OUTPUT: 'json' };
      assert.equal(await done(['merchant', 'list'], { env }), '[{"id": 1, "name": "demo", "zone": "+08:00", "sandbox": false, "clock_ms": 0}]\n');
      assert.equal(await done(['merchant', 'list', '--output=text'], { env }), '1\tdemo\n');
      await refused('merchant_unknown', ['export', 'coupons'], { env: { ...env, COUPONRY_MERCHANT: '9' } });
      assert.match(await done(['ledger', 'show'], { env: { ...env, COUPONRY_COUPON: '11111' } }), /code=11111/);
      const file = box.at('dry.csv');
      writeFileSync(file, 'code,template_id\ndry-run-code,11\n');
      assert.deepEqual(JSON.parse(await done(['import', 'coupons', file], { env: { ...env, COUPONRY_DRY_RUN: 'true' } })), { rows: 1, refused: 0, dry_run: true });
      await refused('coupon_unknown', ['ledger', 'show', '--coupon=dry-run-code'], { env });
    }
  });
  test('serve takes them from there too', async () => {
    const file = box.at('serve.conf');
    writeFileSync(file, `data = ${demo}\nlisten = 127.0.0.1:0\nlog-calls = false\n`);
    const s = new Server();
    s.dir = demo;
    s.args = [];
    process.env.COUPONRY_LOG_CALLS = 'false';
    try {
      await s.run();
      await fetch(`${s.url}/v3/crm/coupon/getCustomerCoupons`, { method: 'POST', body: '{}' });
      assert.equal(await s.stop(), 0);
      assert.equal(s.log, `listening on ${s.url}\n`);
    } finally {
      delete process.env.COUPONRY_LOG_CALLS;
    }
    const r = await program('timeout', ['-s', 'TERM', '1', BINARY, 'serve', `--config=${file}`]);
    assert.match(r.stdout, /^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  });
});

describe('sign: the printed call works', () => {
  const body = (name, object) => {
    writeFileSync(box.at(name), JSON.stringify(object));
    return `--body=${box.at(name)}`;
  };
  const call = async (...args) => {
    const printed = await done(['sign', `--data=${served}`, `--url=${server.url}`, ...args]);
    assert.match(printed, /^curl /);
    const r = await program('sh', [], { input: printed });
    assert.equal(r.status, 0, r.stderr);
    return r.stdout;
  };
  const TOP = ['--credential=12345678', '--method=alibaba.alihealth.nr.crm.coupon.querycoupon',
    '--param=query_d_t_o={"page_size":10,"page_num":1,"phone":"18612255668"}'];
  for (const method of [undefined, 'md5', 'hmac', 'hmac-sha256'])
    test(`top, ${method ?? 'the default'}`, async () => {
      const reply = JSON.parse(await call(...TOP, '--format=json', ...(method ? [`--sign-method=${method}`] : [])));
      assert.equal(reply.alibaba_alihealth_nr_crm_coupon_querycoupon_response.result.success, true);
    });
  test('top, XML and simplify', async () => {
    assert.match(await call(...TOP), /^<\?xml .*<success>true<\/success>/s);
    assert.equal(JSON.parse(await call(...TOP, '--format=json', '--simplify=true')).result.success, true);
  });
  test('wjb', async () => {
    const reply = JSON.parse(await call('--credential=100000001', '--method=wjb.ump.coupon.list', body('list.json', { page_no: 1, page_size: 10 })));
    assert.deepEqual(reply.response.coupons.map((c) => c.coupon_id).sort(), [11, 951]);
  });
  test('wjb, a body with quotes of every kind', async () => {
    const coupon = { coupon_id: 7770001, name: `it's "quoted" $HOME \`id\` \\ 满减`, memo: 'line\nline' };
    assert.equal(JSON.parse(await call('--credential=100000001', '--method=wjb.ump.coupon.add', body('add.json', { coupon }))).response.code, 0);
    const [row] = (await exported(served, 'templates')).filter((t) => t.template_id === '7770001');
    assert.equal(row.name, coupon.name);
  });
  test('wjb SPI', async () => {
    const reply = JSON.parse(await call('--credential=100000001', '--method=spi', body('spi.json', { coupon_id: 951, buyer_nicks: ["o'neil"] })));
    const code = reply.response.send_results[0].coupon_number;
    assert.match(await done(['ledger', 'show', `--coupon=${code}`, `--data=${served}`]), /coupon_issue/);
  });
  test('waiqin', async () => {
    const reply = JSON.parse(await call('--credential=8888888888888888888', '--method=queryCampaign', body('q.json', { activity_source_code: 'demo-campaign' })));
    assert.equal(JSON.parse(reply.response_data).length, 1);
    assert.equal(JSON.parse(await call('--credential=8888888888888888888', '--method=queryCampaign', '--msg-id=M42', body('q.json', {}))).msg_id, 'M42');
  });
  test('zvcms', async () => {
    const reply = JSON.parse(await call('--credential=6dc05b4ac175cf316d226252b05cf685', '--method=getCustomerCoupons', '--param=customerId=383933091455959041'));
    assert.equal(reply.data.length, 3);
  });
  const modes = {
    wjb: ['wjb.ump.coupon.list', 'query', 'query+body', 'either'],
    zvcms: ['getCustomerCoupons', 'hmac-sha1-kv', 'hmac-sha1-kv-params', 'tencent', 'wechat'],
  };
  for (const [dialect, [method, ...names]] of Object.entries(modes))
    for (const mode of names)
      test(`${dialect}, signed as ${mode}`, async () => {
        await done(['credential', 'add', `--data=${served}`, '--merchant=1', `--dialect=${dialect}`, `--id=key-${mode}`, '--secret=a secret', '--token=tok', `--sign-mode=${mode}`]);
        const reply = JSON.parse(await call(`--credential=key-${mode}`, `--method=${method}`, '--param=customerId=383933091455959041', ...(dialect === 'wjb' ? [body('page.json', { page_no: 1 })] : [])));
        assert.equal(reply.response?.code ?? Number(reply.code), 0, JSON.stringify(reply));
      });
  test('top with a session', async () => {
    await done(['credential', 'add', `--data=${served}`, '--merchant=1', '--dialect=top', '--id=with-session', '--secret=s', '--token=tok', '--require-session']);
    const reply = JSON.parse(await call('--credential=with-session', ...TOP.slice(1), '--format=json'));
    assert.ok(reply.alibaba_alihealth_nr_crm_coupon_querycoupon_response, JSON.stringify(reply));
  });
  test('a key of two dialects needs --dialect to say which', async () => {
    for (const dialect of ['wjb', 'waiqin'])
      await done(['credential', 'add', `--data=${served}`, '--merchant=1', `--dialect=${dialect}`, '--id=5555', '--secret=s', '--token=t']);
    assert.match(await done(['sign', '--credential=5555', '--dialect=waiqin', '--method=queryCampaign', `--data=${served}`]), /\/api\/bcwin\/v1\/queryCampaign\/5555\//);
    assert.match(await done(['sign', '--credential=5555', '--dialect=wjb', '--method=wjb.ump.coupon.list', `--data=${served}`]), /app_key=5555/);
  });
  test('refused', async () => {
    await refused('credential_unknown', ['sign', '--credential=nobody', '--method=x', `--data=${served}`]);
    await refused('credential_unknown', ['sign', '--credential=12345678', '--dialect=wjb', '--method=x', `--data=${served}`]);
    await refused('file_unreadable', ['sign', '--credential=100000001', '--method=x', `--body=${box.at('no.json')}`, `--data=${served}`]);
  });
});

describe('ledger', () => {
  for (const where of ['alone', 'through a server'])
    test(`show and verify, ${where}`, async () => {
      const dir = where === 'alone' ? demo : served;
      const shown = await done(['ledger', 'show', '--coupon=11111', `--data=${dir}`]);
      assert.match(shown, /^merchant 1 entry \d+ .* coupon_import by cli .*\n {2}put coupon .*code=11111/m);
      assert.ok(!shown.includes('code=111aaa'));
      const all = await done(['ledger', 'show', `--data=${dir}`]);
      for (const code of ['11111', '111aaa', '390913445498200067']) assert.ok(all.includes(`code=${code}`), code);
      for (const secret of ['helloworld', 'wjbsecret', 'demoappkey12345678', 'zvcmssecret', '782c281f62', 'demo-token'])
        assert.ok(!all.includes(secret), `${secret} is shown`);
      const report = await verify(dir);
      assert.ok(report.entries > 20 && report.merchants === 2 && report.batches > 0 && report.bytes > 0 && report.rows > 50, JSON.stringify(report));
      assert.equal((all.match(/^merchant \d+ entry /gm) ?? []).length, report.entries);
      assert.match(await done(['ledger', 'verify', `--data=${dir}`]), /^the ledger is whole: 2 chains, /);
      await refused('coupon_unknown', ['ledger', 'show', '--coupon=none', `--data=${dir}`]);
    });
  test('what is personal is sealed in the ledger file', async () => {
    const dir = await fresh();
    writeFileSync(box.at('one.csv'), 'customer_id,phone,name,nick\nc-1,13712345678,王小二,wangxiaoer\n');
    await done(['import', 'customers', box.at('one.csv'), `--data=${dir}`]);
    await done(['credential', 'add', '--dialect=top', '--id=k', '--secret=verysecretsecret', `--data=${dir}`]);
    const r = await program('grep', ['-rlaE', '13712345678|王小二|wangxiaoer|verysecretsecret', `${dir}/ledger`]);
    assert.equal(r.stdout, '');
    assert.equal(r.status, 1);
  });
  test('a changed byte is found', async () => {
    const dir = await fresh();
    await verify(dir);
    const { openSync, readSync, writeSync, closeSync, readdirSync } = await import('node:fs');
    const segment = `${dir}/ledger/${readdirSync(`${dir}/ledger`).sort()[0]}`;
    const fd = openSync(segment, 'r+'), bytes = Buffer.alloc(65536);
    readSync(fd, bytes, 0, 65536, 0);
    const at = bytes.indexOf('merchant') > 0 ? bytes.indexOf('merchant') : bytes.findLastIndex((b) => b !== 0) - 40;
    writeSync(fd, Buffer.from([bytes[at] ^ 1]), 0, 1, at);
    closeSync(fd);
    const r = await command(['ledger', 'verify', `--data=${dir}`]);
    assert.equal(r.status, 1, r.stdout);
    assert.match(r.stderr, /couponry: (data_damaged|verify_failed): /);
  });
});

describe('while a server runs', () => {
  test('the same output as alone', async () => {
    const other = await fresh();
    const forms = [['merchant', 'list'], ['merchant', 'list', '--output=json'], ['credential', 'list'], ['export', 'coupons'], ['export', 'departments'], ['version'], ['help']];
    const s = await Server.start({ dir: other, demo: false });
    try {
      for (const args of forms) {
        const through = await command([...args, `--data=${other}`]);
        await s.stop();
        const alone = await command([...args, `--data=${other}`]);
        await s.run();
        assert.deepEqual(through, alone);
      }
    } finally {
      await s.close();
    }
  });
  test('files are named from where the caller stands', async () => {
    writeFileSync(box.at('relative.csv'), 'department_id,name\nrel-1,first\n');
    const here = { cwd: box.path };
    assert.equal(await done(['import', 'departments', 'relative.csv', `--data=${served}`], here), '1 rows, 0 refused\n');
    assert.equal(await done(['import', `--data=${served}`, 'departments', './relative.csv'], here), '1 rows, 0 refused\n');
    assert.equal(await done(['export', 'departments', 'out.csv', `--data=${served}`], here), '');
    assert.match(text(box.at('out.csv')), /^rel-1,,first,$/m);
    assert.equal(await done(['backup', '--to=relative-backup', `--data=${served}`], here), `backed up to ${box.at('relative-backup')}\n`);
    assert.ok(existsSync(box.at('relative-backup')));
    writeFileSync(box.at('rel.json'), '{}');
    assert.match(await done(['sign', '--credential=100000001', '--method=wjb.ump.coupon.list', '--body=rel.json', `--data=${served}`], here), /curl/);
    assert.match(await done(['merchant', 'list', '--data=served'], here), /demo/);
  });
  test('what is added is known at once', async () => {
    await done(['credential', 'add', `--data=${served}`, '--merchant=1', '--dialect=wjb', '--id=fresh-key', '--secret=s', '--token=t']);
    const printed = await done(['sign', '--credential=fresh-key', '--method=wjb.ump.coupon.list', `--url=${server.url}`, `--data=${served}`]);
    const r = await program('sh', [], { input: printed });
    assert.equal(JSON.parse(r.stdout).response.code, 0, r.stdout);
  });
  test('a second server on the directory is refused by name', async () => {
    const r = await refused('data_in_use', ['serve', `--data=${served}`, '--listen=127.0.0.1:0']);
    assert.ok(r.stderr.includes(String(server.process.pid)), `the holder's process id is said: ${r.stderr}`);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
  test('a command without a server to hand to is refused too', async () => {
    const { rmSync, renameSync } = await import('node:fs');
    renameSync(`${served}/admin.sock`, `${served}/gone.sock`);
    try {
      await refused('data_in_use', ['merchant', 'list', `--data=${served}`]);
    } finally {
      renameSync(`${served}/gone.sock`, `${served}/admin.sock`);
    }
    await done(['merchant', 'list', `--data=${served}`]);
  });
  test('the admin socket is for the owner alone', () => assert.equal(statSync(`${served}/admin.sock`).mode & 0o777, 0o600));
  test('a dead server leaves nothing in the way', async () => {
    const dir = await fresh();
    const s = await Server.start({ dir, demo: false });
    await s.stop('SIGKILL');
    assert.ok(existsSync(`${dir}/admin.sock`));
    assert.equal(await done(['merchant', 'list', `--data=${dir}`]), '1\tonly\n');
    await s.run();
    assert.equal(await done(['merchant', 'list', `--data=${dir}`]), '1\tonly\n');
    assert.equal(await s.stop(), 0);
    assert.equal(existsSync(`${dir}/admin.sock`), false);
  });
  test('many commands at once', async () => {
    const names = await Promise.all(Array.from({ length: 24 }, () => done(['merchant', 'list', `--data=${served}`])));
    for (const n of names) assert.equal(n, '1\tdemo\n');
  });
});

describe('serve', () => {
  test('refuses to show demo credentials to the world', async () => {
    for (const listen of ['0.0.0.0:0', '[::]:0', ':0']) {
      const r = await command(['serve', `--data=${demo}`, `--listen=${listen}`]);
      assert.equal(r.status, 2, listen);
      assert.match(r.stderr, /demo credentials.*--allow-demo/);
    }
    const s = new Server();
    s.dir = demo;
    s.args = ['--listen=0.0.0.0:0', '--allow-demo'];
    const r = await program('timeout', ['-s', 'TERM', '1', BINARY, 'serve', `--data=${demo}`, ...s.args]);
    assert.match(r.stdout, /^listening on http:\/\/0\.0\.0\.0:\d+\n$/);
  });
  test('listens anywhere when there is no demo', async () => {
    const dir = await fresh();
    const r = await program('timeout', ['-s', 'TERM', '1', BINARY, 'serve', `--data=${dir}`, '--listen=0.0.0.0:0']);
    assert.match(r.stdout, /^listening on http:\/\/0\.0\.0\.0:\d+\n$/);
  });
  test('a port in use, an address that is none', async () => {
    const dir = await fresh();
    const holder = net.createServer();
    await new Promise((ok) => holder.listen(0, '127.0.0.1', ok));
    const address = `127.0.0.1:${holder.address().port}`;
    const r = await command(['serve', `--data=${dir}`, `--listen=${address}`]);
    holder.close();
    assert.ok(r.status === 1 || r.status === 2, String(r.status));
    assert.match(r.stderr, new RegExp(`^couponry: .*${address}`));
    assert.equal(r.stdout, '');
    const s = await Server.start({ dir, demo: false }); // the directory was let go
    await s.close();
    for (const listen of ['junk', '127.0.0.1', '127.0.0.1:99999', '127.0.0.1:x'])
      assert.match((await command(['serve', `--data=${dir}`, `--listen=${listen}`])).stderr, /^couponry: /, listen);
  });
  test('a certificate that is none', async () => {
    const dir = await fresh();
    const r = await command(['serve', `--data=${dir}`, '--listen=127.0.0.1:0', '--tls-cert=/nothing', '--tls-key=/nothing']);
    assert.notEqual(r.status, 0);
    assert.match(r.stderr, /\/nothing/);
  });
  test('makes its data directory', async () => {
    const s = await Server.start({ dir: box.at('made-by-serve'), demo: false });
    const client = new Client(s.port);
    assert.equal((await client.get('/readyz')).text, 'ready\n');
    client.close();
    assert.equal(await done(['merchant', 'list', '--output=json', `--data=${s.dir}`]), '[]\n');
    await s.close();
    await verify(s.dir);
  });
});

describe('generate: codes for nobody yet', () => {
  const lines = (out) => out.split('\n').filter(Boolean);
  let native;
  before(() => (native = new Native(server.port)));
  after(() => native.close());
  const generate = (...args) => command(['generate', `--data=${served}`, ...args]);
  const total = (id, of) => native.ok('PATCH', `/v1/templates/${id}`, { limits: { total: of } });

  test('a job gives the same codes again, and goes on where a total had stopped it', async () => {
    const id = await native.template({ limits: { total: 1 } });
    const job = [`--template=${id}`, '--count=4300', '--job=leaflets'];
    await native.codes(id, 1);
    // nothing could be made, and nothing is remembered of that
    const none = await generate(...job);
    assert.deepEqual([none.status, lines(none.stdout)], [1, []]);
    await total(id, 1401);
    const some = await generate(...job);
    assert.equal(some.status, 1);
    assert.match(some.stderr, /template_exhausted/);
    const first = lines(some.stdout);
    assert.equal(new Set(first).size, 1400);
    // the rest in two goes; what was made stays, in its order
    await total(id, 2001);
    const more = lines((await generate(...job)).stdout);
    assert.equal(new Set(more).size, 2000);
    assert.deepEqual(more.filter((c) => first.includes(c)).sort(), [...first].sort());
    await total(id, 9000);
    const all = await generate(...job);
    assert.deepEqual([all.status, new Set(lines(all.stdout)).size], [0, 4300]);
    assert.ok(more.every((c) => lines(all.stdout).includes(c)));
    assert.equal((await generate(...job)).stdout, all.stdout);
    assert.equal((await native.ok('GET', `/v1/templates/${id}`)).usage.issued, 4301);
    await refused('request_reused', ['generate', `--data=${served}`, `--template=${id}`, '--count=7', '--job=leaflets']);
  });
  test('without a job each line makes others', async () => {
    const id = await native.template();
    const [one, two] = [lines((await generate(`--template=${id}`, '--count=3')).stdout), lines((await generate(`--template=${id}`, '--count=3')).stdout)];
    assert.equal(new Set([...one, ...two]).size, 6);
    await usage(['generate', `--data=${served}`, `--template=${id}`], /--count/);
    await refused('template_unknown', ['generate', `--data=${served}`, '--template=404404', '--count=1']);
  });
});
