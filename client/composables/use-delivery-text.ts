import { useI18n } from 'vue-i18n'
import type { DeliveryBoard } from '../bulk/delivery-board.ts'
import { deliveryShown } from '../bulk/delivery-look.ts'
import type { DeliveryShown } from '../bulk/delivery-look.ts'
import type { MatrixLine } from '../bulk/matrix-line.ts'
import { useFormat } from './use-format.ts'

/** What is said of a delivery on the board. */
export function useDeliveryText() {
  const { t } = useI18n()
  const { percent } = useFormat()

  function shownOf(board: DeliveryBoard, account: number, file: number): DeliveryShown {
    const failedBefore = board.delivery(account, file)?.error !== undefined
    return deliveryShown({ state: board.state(account, file), sending: board.sending(account, file) !== undefined, failedBefore })
  }

  /** Whole percent of the bytes that are there. Never 100 before it is. */
  function shareOf(board: DeliveryBoard, account: number, file: number): number {
    const { bytes, size } = board.sending(account, file) ?? { bytes: 0, size: 0 }
    return size > 0 ? Math.min(99, Math.floor((bytes / size) * 100)) : 0
  }

  /** A cell in words, for who does not see it. */
  function nameOf(lines: readonly MatrixLine[], shown: DeliveryShown, share: number | null): string {
    const state = share === null ? t(`bulk.states.${shown}`) : `${t(`bulk.states.${shown}`)} ${percent(share)}`
    return `${lines.map(({ name }) => name).join(', ')}: ${state}`
  }

  return { shownOf, shareOf, nameOf }
}
