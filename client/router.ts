import { createRouter, createWebHistory } from 'vue-router'
import type { RouteLocationNormalized, Router } from 'vue-router'
import { useSession } from './stores/session.ts'

/** The pages. Nothing here leads away from a page that is open: a login that ends is told by a bar, not by a redirect. */
export function createPages(): Router {
  const router = createRouter({
    history: createWebHistory(),
    // oxlint-disable-next-line typescript/no-deprecated -- what is to replace it is an experiment still
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: '/', redirect: '/imports' },
      { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { title: 'login.title', bare: true, open: true } },
      { path: '/imports', name: 'history', component: () => import('./pages/HistoryPage.vue'), meta: { title: 'history.title' } },
      { path: '/imports/new', name: 'new-import', component: () => import('./pages/NewImportPage.vue'), meta: { title: 'newImport.title' } },
      {
        path: '/imports/:id',
        name: 'import',
        component: () => import('./pages/ImportPage.vue'),
        props: true,
        meta: { title: 'import.title', open: true },
      },
      { path: '/databases', name: 'targets', component: () => import('./pages/TargetsPage.vue'), meta: { title: 'targets.title' } },
      { path: '/databases/:id', name: 'target', component: () => import('./pages/TargetPage.vue'), props: true, meta: { title: 'targets.browse' } },
      {
        path: '/databases/:id/catalog',
        name: 'catalog',
        component: () => import('./pages/CatalogPage.vue'),
        props: true,
        meta: { title: 'catalog.title' },
      },
      { path: '/accounts', name: 'accounts', component: () => import('./pages/AccountsPage.vue'), meta: { title: 'accounts.title' } },
      { path: '/users', name: 'users', component: () => import('./pages/UsersPage.vue'), meta: { title: 'users.title', superuser: true } },
      { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue'), meta: { title: 'missing.title' } },
    ],
  })
  router.beforeEach(async (to) => await admit(to))
  return router
}

/** Where a page that needs a login leads when there is none. A login that has expired while the page was open is no reason. */
async function admit(to: RouteLocationNormalized) {
  const session = useSession()
  if (session.state === 'unknown') await session.check()
  const inside = session.state === 'in' || session.state === 'expired'
  if (to.name === 'login') return session.state === 'in' ? { name: 'history' } : true
  if (!inside && !to.meta.open) return { name: 'login', query: to.fullPath === '/imports' ? {} : { next: to.fullPath } }
  return true
}
