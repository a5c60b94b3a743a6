import { afterEach, describe, expect, it } from 'vitest'
import LoginAgain from '../../../client/pages/LoginAgain.vue'
import { useSession } from '../../../client/stores/session.ts'
import type { Prepared } from '../../support/fake-api.ts'
import { asked, prepare } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { me } from './views.ts'

const refusal = { error: { code: 'unauthenticated', message: 'Log in.', requestId: 'r' } }
const meAnswer = (answer: Partial<Prepared>): Prepared => ({ method: 'GET', path: '/api/me', ...answer })
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()

describe('a login that ends while a page is open', () => {
  afterEach(() => cleanup())

  it('is asked about when its time is over, and prolonged when the person was active', async () => {
    await prepare([meAnswer({ status: 200, body: { ...me, expiresAt: inMs(100) } }), meAnswer({ status: 200, body: me })])
    await mount(LoginAgain, {}, '/imports/x')
    const session = useSession()
    await session.check()
    await expect.poll(() => session.me?.expiresAt).toBe(me.expiresAt)
    expect(session.state).toBe('in')
    expect(await asked('GET', '/api/me')).toHaveLength(2)
  })

  it('is told by a bar; logging in again stays on the page', async () => {
    await prepare([
      meAnswer({ status: 200, body: { ...me, expiresAt: inMs(100) } }),
      meAnswer({ status: 401, body: refusal }),
      { method: 'POST', path: '/api/login', status: 401, body: { error: { code: 'login_failed', message: 'no', requestId: 'r' } } },
      { method: 'POST', path: '/api/login', status: 200, body: me },
    ])
    const { screen, router } = await mount(LoginAgain, {}, '/imports/x')
    const session = useSession()
    await session.check()
    await expect.element(screen.getByText('Your login has expired. You go on watching this run.')).toBeVisible()
    await screen.getByRole('button', { name: 'Log in again' }).click()
    const dialog = screen.getByRole('dialog', { name: 'Log in again' })
    await expect.element(dialog.getByLabelText('Login')).toHaveValue('admin')
    await dialog.getByLabelText('Password', { exact: true }).fill('wrong')
    await dialog.getByRole('button', { name: 'Log in' }).click()
    await expect.element(dialog.getByRole('alert')).toHaveTextContent('The login or the password is not right.')
    await dialog.getByLabelText('Password', { exact: true }).fill('right')
    await dialog.getByRole('button', { name: 'Log in' }).click()
    await expect.element(screen.getByTestId('login-bar')).not.toBeInTheDocument()
    expect(session.logins).toBe(1)
    expect(router.currentRoute.value.path).toBe('/imports/x')
  })

  it('is not taken for ended when the server does not answer', async () => {
    await prepare([meAnswer({ status: 200, body: me }), meAnswer({ status: 503, body: {} })])
    await mount(LoginAgain, {}, '/imports/x')
    const session = useSession()
    await session.check()
    await session.check()
    expect(session.state).toBe('in')
  })
})
