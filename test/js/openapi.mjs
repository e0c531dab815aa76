// The native API as its OpenAPI document describes it: calls with headers of any kind, a check of values against schemas,
// and what the document's examples speak of.
import { Client } from './e2e.mjs';
import { KEY } from './native.mjs';

export class Api extends Client {
  constructor(server, key = KEY) {
    super(server.port);
    this.server = server;
    this.key = key;
  }
  as(key) {
    return new Api(this.server, key);
  }
  /** {status, headers, text, json}; body: an object, or a text as it is. */
  call(method, path, body, headers = {}) {
    return this.send({
      method,
      path,
      headers: { ...(this.key ? { authorization: `Bearer ${this.key}` } : {}), 'content-type': 'application/json', ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
  }
  get(path, headers) {
    return this.call('GET', path, undefined, headers);
  }
  post(path, body = {}, headers) {
    return this.call('POST', path, body, headers);
  }
  /** The answer's body; throws when it was refused. */
  async done(method, path, body, headers) {
    const r = await this.call(method, path, body, headers);
    if (r.status >= 300) throw new Error(`${method} ${path}: ${r.status} ${r.text}`);
    return r.json;
  }
}

/** What is wrong with `value` by a schema of `doc`; [] when nothing. Answers may not have members that no schema names. */
export function schemaProblems(doc, schema, value, at = '$') {
  const type = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);
  if (schema.$ref) return schemaProblems(doc, doc.components.schemas[schema.$ref.split('/').pop()], value, at);
  for (const word of ['anyOf', 'oneOf'])
    if (schema[word]) {
      const tries = schema[word].map((s) => schemaProblems(doc, s, value, at));
      return tries.some((t) => t.length === 0) ? [] : tries[0];
    }
  const out = [];
  const types = [schema.type].flat();
  const is = type(value);
  if (!types.includes(is) && !(is === 'integer' && types.includes('number'))) return [`${at}: ${is}, not ${types}`];
  if (schema.enum && !schema.enum.includes(value)) out.push(`${at}: ${value} is none of ${schema.enum}`);
  if (schema.pattern && is === 'string' && !new RegExp(schema.pattern).test(value)) out.push(`${at}: ${value} is not ${schema.pattern}`);
  if (schema.format === 'date-time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/.test(value)) out.push(`${at}: ${value} is no date-time`);
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) out.push(`${at}: below ${schema.minimum}`);
    if (schema.maximum !== undefined && value > schema.maximum) out.push(`${at}: above ${schema.maximum}`);
  }
  if (schema.maxLength !== undefined && is === 'string' && [...value].length > schema.maxLength) out.push(`${at}: longer than ${schema.maxLength}`);
  if (is === 'array') value.forEach((v, i) => out.push(...schemaProblems(doc, schema.items, v, `${at}[${i}]`)));
  if (is === 'object') {
    for (const name of schema.required ?? []) if (!(name in value)) out.push(`${at}.${name} is missing`);
    for (const [name, v] of Object.entries(value)) {
      if (!schema.properties?.[name]) out.push(`${at}.${name} is in no schema`);
      else out.push(...schemaProblems(doc, schema.properties[name], v, `${at}.${name}`));
    }
  }
  return out;
}

/** Every operation of the document: {id, method, path, operation}. */
export function operations(doc) {
  return Object.entries(doc.paths).flatMap(([path, of]) =>
    Object.entries(of).map(([method, operation]) => ({ id: operation.operationId, method: method.toUpperCase(), path, operation })));
}

const OWNER = '383933091455959041';
/** Makes what the documents' examples speak of: template 8001 is made by the example itself, which must have run. Gives what
    the ids that stand in them are here. */
export async function prepareExamples(api) {
  const issue = (code, more = {}) => api.done('POST', '/v1/coupons', { template_id: 8001, customer: OWNER, code, ...more });
  const redeem = (code, order_no) => api.done('POST', `/v1/coupons/${code}/redeem`, { order_no, amount_fen: 25000 });
  for (const code of ['GET', 'VALIDATE', 'REDEEM', 'REVERSE', 'FREEZE', 'UNFREEZE', 'RECALL', 'EXTEND', 'TRANSFER', 'REISSUE', 'MANY', 'ORDER', 'USE']) await issue(`EX-${code}`, { reason: 'newcomer' });
  await issue('EX-CONFIRM', { hold: true });
  await issue('EX-RELEASE', { hold: true });
  await issue('EX-ASSIGN', { customer: undefined });
  await api.done('POST', '/v1/coupons/EX-UNFREEZE/freeze', {});
  await redeem('EX-REVERSE', 'A-1002');
  await redeem('EX-ORDER', 'A-1005');
  const { redemption_id } = await redeem('EX-USE', 'A-1006');
  await api.done('POST', '/v1/coupons/EX-USE/reverse', { amount_fen: 10000, cause: 'refund' });
  for (const id of ['ex-twin', 'ex-gone', 'ex-customer']) await api.done('PUT', `/v1/customers/${id}`, { name: id });
  for (const name of ['ex-key', 'ex-old-key']) await api.done('POST', '/v1/credentials', { dialect: 'top', name, secret: 's' });
  await api.done('POST', '/v1/templates', { template_id: 8002, name: 'unused', amount_fen: 1 });
  // Nobody is called: the server has no courier.
  const { id } = await api.done('POST', '/v1/webhooks', { url: 'https://nobody.invalid/', label: 'nobody' });
  await issue('EX-TOLD');
  const { event_id } = (await api.done('GET', `/v1/webhooks/${id}/deliveries`)).data[0];
  const provider = { url: 'https://coupons.example.com/provide', app_key: '100000001', secret: 'the-secret' };
  await api.done('POST', '/v1/templates', { template_id: 8100, name: 'theirs', amount_fen: 1, provider });
  await api.done('POST', '/v1/coupons', { template_id: 8100, customers: [{ nick: 'ex-nick' }] });
  const { errand_id } = (await api.done('GET', '/v1/errands')).data[0];
  const order = async (order) => (await api.done('POST', '/v1/jobs', order)).job_id;
  const jobs = { '/jobs/4711': `/jobs/${await order({ kind: 'generate', template_id: 8001, count: 1, format: 'ndjson' })}`, '/jobs/4712': `/jobs/${await order({ kind: 'recall' })}` };
  return { ...jobs, '102397558118809638-2': redemption_id, '/webhooks/57': `/webhooks/${id}`, evt_102397558118809700: event_id, '102397558118809644': errand_id };
}
