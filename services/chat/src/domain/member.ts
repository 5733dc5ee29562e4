export interface Member {
  readonly roomId: string;
  readonly accountId: string;
  /** Empty for one who has left, or closed the account. */
  readonly nickname: string;
  readonly joinTime: Date;
  /** A member who has left is remembered: a mute does not end with it. */
  readonly leaveTime?: Date | undefined;
  readonly muteEndTime?: Date | undefined;
  readonly readSequence: number;
}

/** Whether a member may not write. */
export const isSilent = ({ muteEndTime }: Member, at: Date): boolean => muteEndTime !== undefined && muteEndTime > at;
