// An independent Waiqin365 caller: what the vendor's page says, with nothing of the server's code.
import { createHash } from 'node:crypto';

export const DEMO = { openid: '8888888888888888888', appkey: 'demoappkey12345678' };

/** md5(body|appkey|timestamp), lower-case hex, over UTF-8 bytes. */
export function digest(body, appkey, timestamp) {
  return createHash('md5').update(body).update(`|${appkey}|${timestamp}`).digest('hex');
}

/** yyyyMMddHHmmss of Beijing. */
export function stamp(ms = Date.now()) {
  return new Date(ms + 8 * 3600e3).toISOString().replace(/\D/g, '').slice(0, 14);
}

export class Waiqin {
  constructor(server, credential = DEMO) {
    this.server = server;
    this.credential = credential;
  }
  /** body: an object, a text or bytes. over: { timestamp, digest, msgId, openid, appkey, verb, path } */
  async send(operation, body, over = {}) {
    const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    const { openid, appkey } = { ...this.credential, ...over };
    const timestamp = over.timestamp ?? stamp();
    const sum = over.digest ?? digest(bytes, appkey, timestamp);
    const msgId = over.msgId ?? 'X000001';
    const path = over.path ?? `/api/bcwin/v1/${operation}/${openid}/${timestamp}/${sum}/${msgId}`;
    const verb = over.verb ?? 'POST';
    const reply = await fetch(this.server.url + path, {
      method: verb,
      body: verb === 'GET' || verb === 'HEAD' ? undefined : bytes,
      headers: { 'Content-Type': 'application/json' },
    });
    return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() };
  }
  /** The reply as JSON; its HTTP status must be 200. */
  async call(operation, body, over) {
    const reply = await this.send(operation, body, over);
    if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
    return JSON.parse(reply.text);
  }
  /** The campaigns of a query that succeeds. */
  async query(filter = {}) {
    const reply = await this.call('queryCampaign', filter);
    if (reply.return_code !== '0') throw new Error(JSON.stringify(reply));
    return JSON.parse(reply.response_data);
  }
}
