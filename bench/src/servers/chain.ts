// A pledge RPC whose handler does nothing, behind the whole chain of the house: identity, access, validation, deadline, log, metrics, trace.
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { hostVariables, openHost, readConfig } from '@moa/kit';
import { response } from '../sample.js';

const host = await openHost('funding', readConfig(hostVariables, process.env));
const answers = Object.fromEntries(Object.keys(PledgeServiceDefinition.methods).map((method) => [method, async () => response]));
host.serve(PledgeServiceDefinition, answers as never);
const { address } = await host.listen();
process.send!({ address });
