import { onAccountClosed } from './on-account-closed.js';
import { onProjectPublished } from './on-project-published.js';

export const ofRooms = [onProjectPublished];
export const ofClosing = [onAccountClosed];
