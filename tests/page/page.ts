// A page that does what a storefront would: signs a person up, registers a card, pledges, shows the progress, and shows which field is at
// fault. It uses the client as a browser gets it, over gRPC-Web. Where Moa is, and which project to show, stand in the page's address.
import { connectMoa, MoaError } from '@moa/client/web';

const parameters = new URLSearchParams(location.search);
const moa = connectMoa(parameters.get('moa')!);
const projectId = parameters.get('project')!;
let billingMethodId = '';

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const inputOf = (id: string) => element<HTMLInputElement>(id).value;

async function showProject(): Promise<void> {
  const { project } = await moa.projects.getProject({ id: projectId });
  element('title').textContent = project!.title;
  const { raised, pledgeCount, percent } = project!.progress!;
  element('progress').textContent = `${raised!.amountMinor.toLocaleString('ko-KR')}원 · ${percent}% · ${pledgeCount}명`;
  element('reward').textContent = `${project!.rewards[0]!.title} (${project!.rewards[0]!.remaining} left)`;
  element('reward').dataset['id'] = project!.rewards[0]!.id;
}

/** Shows how far the project has come, as it moves. */
async function watch(): Promise<void> {
  for await (const { progress } of moa.projects.watchProject({ id: projectId })) {
    element('live').textContent = `${progress!.raised!.amountMinor.toLocaleString('ko-KR')}원 · ${progress!.percent}%`;
  }
}

async function signUp(): Promise<void> {
  await moa.auth.signUp({ email: inputOf('email'), password: inputOf('password') });
  const account = await moa.signIn(inputOf('email'), inputOf('password'));
  const { billingMethod } = await moa.payments.registerBillingMethod({ cardNumber: inputOf('card'), expiryMonth: 12, expiryYear: 2099 });
  billingMethodId = billingMethod!.id;
  element('who').textContent = account.email;
}

async function pledge(): Promise<void> {
  const lines = [{ rewardId: element('reward').dataset['id']!, quantity: Number(inputOf('quantity')) }];
  const { pledge: placed } = await moa.pledges.createPledge({ projectId, lines, billingMethodId });
  element('pledge').textContent = `${placed!.total!.amountMinor.toLocaleString('ko-KR')}원`;
  await showProject();
}

/** Runs an action, and shows what went wrong: each field at fault, or else what a person may read. */
function doing(action: () => Promise<void>): () => void {
  return () => {
    element('problem').textContent = '';
    action().catch((error: unknown) => {
      if (!(error instanceof MoaError)) throw error;
      const fields = error.fieldViolations.map(({ field, description }) => `${field}: ${description}`);
      element('problem').textContent = fields.join('\n') || error.textFor('ko') || error.reason || error.message;
    });
  };
}

element('sign-up').addEventListener('click', doing(signUp));
element('back').addEventListener('click', doing(pledge));
doing(showProject)();
doing(watch)();
