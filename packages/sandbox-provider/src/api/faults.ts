import { type Behaviour, behaviourKinds } from '../cards.js';
import type { Fault, Faults } from '../faults.js';
import { textField, wholeField } from '../fields.js';
import { ApiError, type ApiRequest, type Route } from '../http.js';

const MAX_COUNT = 1_000_000;
const MAX_PARAMETER = 9_999;

export function faultRoutes(faults: Faults): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/faults',
      async handle({ body }) {
        faults.switchOn(readFault(body));
        return { status: 201, body: { faults: faults.list() } };
      },
    },
    { method: 'GET', path: '/v1/faults', handle: async () => ({ status: 200, body: { faults: faults.list() } }) },
    {
      method: 'DELETE',
      path: '/v1/faults',
      async handle() {
        faults.clear();
        return { status: 200, body: { faults: [] } };
      },
    },
  ];
}

function readFault(body: ApiRequest['body']): Fault {
  const operation = body.operation ?? 'CHARGE';
  if (operation !== 'CHARGE' && operation !== 'REFUND' && operation !== 'TRANSFER')
    throw new ApiError(400, 'invalid_request', 'operation is CHARGE, REFUND or TRANSFER.', 'operation');
  const kind = textField(body, 'kind') as Behaviour['kind'];
  if (!behaviourKinds.includes(kind) || kind === 'PLAIN' || kind === 'REFUSED_AT_REGISTRATION' || kind === 'DECLINE_FIRST') {
    throw new ApiError(400, 'invalid_request', `There is no fault ${kind}.`, 'kind');
  }
  if (operation === 'REFUND' && kind === 'DECLINE') throw new ApiError(400, 'invalid_request', 'A refund is never declined.', 'kind');
  const behaviour = { kind, parameter: body.parameter === undefined ? 0 : wholeField(body, 'parameter', 0, MAX_PARAMETER) };
  if (body.rate === undefined)
    return { operation, behaviour, count: body.count === undefined ? 1 : wholeField(body, 'count', 1, MAX_COUNT) };
  if (body.count !== undefined) throw new ApiError(400, 'invalid_request', 'A fault has a count or a rate, not both.', 'rate');
  if (typeof body.rate !== 'number' || !(body.rate > 0 && body.rate <= 1)) {
    throw new ApiError(400, 'invalid_request', 'rate is above 0 and at most 1.', 'rate');
  }
  return { operation, behaviour, rate: body.rate };
}
