// A pledge RPC whose handler does nothing, behind the whole chain of the house: identity, access, validation, deadline, log, metrics, trace.
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { hostVariables, openHost, readConfig } from '@moa/kit';
import { response } from '../sample.js';

const host = await openHost('funding', readConfig(hostVariables, process.env));
const answer = async () => response as never;
host.serve(PledgeServiceDefinition, {
  createPledge: answer,
  changePledge: answer,
  cancelPledge: answer,
  getPledge: answer,
  listMyPledges: answer,
  listProjectPledges: answer,
  refundPledge: answer,
});
const { address } = await host.listen();
process.send!({ address });
