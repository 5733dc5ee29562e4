// Fails the build when a contract leaves out what the house relies on. Run after the contracts are generated.
import { type DescMethod, type DescService, type FileRegistry, ScalarType } from '@bufbuild/protobuf';
import { contracts, describeRpc, domainOf, listEvents, moaMessages, moaServices } from './descriptors.js';

// What such an RPC does must happen once, however often it is sent.
const CREATES_OR_MOVES_MONEY =
  /^(Create|Register|Add|SignUp|Submit|Review|Approve|Reject|Grant|Revoke|Charge|Cancel|Change|Refund|Capture|Hold|Release|Pay|Settle|Post|Send|Rotate|Suspend|Reinstate)/;
// Named like one of those, and yet cannot happen twice.
const ONCE_BY_NATURE = new Map([['moa.auth.v1.AuthService.ChangePassword', 'the second time the old password is wrong']]);
// What such an RPC does may happen again: it reads.
const READS = /^(Get|List|Search|Watch|Stream|Quote)/;
// Repeatable without a request_id, and why.
const IDEMPOTENT_BY_NATURE = new Map([
  ['moa.auth.v1.AuthService.RefreshToken', 'a spent token gives its successor again for 10 seconds'],
  ['moa.auth.v1.AuthService.RequestEmailVerification', 'one mail in two minutes'],
  ['moa.auth.v1.AuthService.RequestPasswordReset', 'one mail in two minutes'],
  ['moa.auth.v1.AuthService.SignOut', 'a session ends once'],
  ['moa.auth.v1.AuthService.SignOutEverywhere', 'a session ends once'],
  ['moa.auth.v1.PartnerTokenService.IssueClientToken', 'one token more changes nothing'],
  ['moa.payment.v1.ProviderWebhookService.ReceiveWebhook', "the provider's event id is remembered"],
]);

/** What is wrong with the contracts, a line each. */
export function contractProblems(registry: FileRegistry = contracts): string[] {
  const methods = moaServices(registry).flatMap((service) => service.methods.map((method) => ({ service, method })));
  return [...methods.flatMap(({ service, method }) => methodProblems(service, method)), ...eventProblems(registry)];
}

function methodProblems(service: DescService, method: DescMethod): string[] {
  const name = `${service.typeName}.${method.name}`;
  const takesRequestId = method.input.fields.some(
    (field) => field.name === 'request_id' && field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING,
  );
  const problems: string[] = [];
  if (CREATES_OR_MOVES_MONEY.test(method.name) && !takesRequestId && !ONCE_BY_NATURE.has(name))
    problems.push(`${name} creates something or moves money, but takes no request_id`);
  try {
    const { access, repeatable, streams, timeoutMs } = describeRpc(service, method);
    if (timeoutMs === 0 && !streams) problems.push(`${name} has no timeout_ms`);
    if (access.$case === 'roles' && access.value.any.length === 0) problems.push(`${name} names no role`);
    if (access.$case === 'internal' && access.value.names.length === 0) problems.push(`${name} names no service`);
    if (repeatable && !takesRequestId && !READS.test(method.name) && !IDEMPOTENT_BY_NATURE.has(name)) {
      problems.push(`${name} is repeatable, but neither reads nor takes a request_id`);
    }
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}

function eventProblems(registry: FileRegistry): string[] {
  const events = new Map(listEvents(registry).map((event) => [event.type, event]));
  return moaMessages(registry).flatMap(({ typeName, file, parent, fields }) => {
    const event = events.get(typeName);
    if (!event) return file.name.endsWith('_events') && !parent ? [`${typeName} stands among the events, but has no owner`] : [];
    const problems: string[] = [];
    if (event.owner !== domainOf(typeName))
      problems.push(`${typeName} is owned by "${event.owner}", but stands in ${domainOf(typeName)}'s contract`);
    if (!fields.some(({ jsonName }) => jsonName === event.key)) problems.push(`${typeName} has no field that is its key`);
    return problems;
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const problems = contractProblems();
  for (const problem of problems) console.error(`contract: ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
