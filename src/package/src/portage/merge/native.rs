//! Phases that are carried out on the tree itself, without a shell: those of accounts, and those known by their text.
//!
//! A function is known by the SHA-256 of its body as bash writes it, with all white space alike, so that one that changes in any way is run instead.

mod baselayout;

use rootfs_tree::{Time, Tree};

use super::accounts::Account;
use super::phase::{PendingPhases, Phase};
use super::variables::Variables;
use super::{MergeError, MergePackage};
use crate::portage::binary::BinaryEntry;

/// What is done instead of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// baselayout's: directories of libraries, as the profile has them.
    Libraries,
    /// The same, and links in `/var`.
    LibrariesAndLinks,
    /// baselayout's: the first accounts.
    FirstAccounts,
    /// Nothing that matters to a root that is new.
    Nothing,
}

/// Every function that is known: phase, the SHA-256 of its body, what is done for it, and whose it is.
const KNOWN: &[(Phase, &str, Action)] = &[
    // baselayout 2.15 to 2.18.
    (Phase::Setup, baselayout::SETUP, Action::Libraries),
    (Phase::Preinst, baselayout::PREINST, Action::LibrariesAndLinks),
    (Phase::Postinst, baselayout::POSTINST, Action::FirstAccounts),
    // An empty function.
    (Phase::Postinst, EMPTY, Action::Nothing),
    (Phase::Preinst, EMPTY, Action::Nothing),
    (Phase::Setup, EMPTY, Action::Nothing),
];

/// The body `{ : }`, without its last brace.
const EMPTY: &str = "8bec89adce91ee651dc07c2c7cafc7107c7b7df8c1d117b4b5247fec19b53d77";

/// The phases of one package.
#[derive(Debug)]
pub(super) struct Native {
    title: String,
    variables: Variables,
    environment: Vec<u8>,
    account: Option<Account>,
    actions: Vec<(Phase, Option<Action>)>,
    flags: Vec<String>,
    /// What its phases add to the package's files before they are merged.
    pub(super) added: Vec<BinaryEntry>,
}

impl Native {
    /// Looks at which functions a package has.
    pub(super) fn of(package: &MergePackage<'_>) -> Result<Self, MergeError> {
        let metadata = &package.layer.content.metadata;
        let title = metadata.title();
        let failed = |source| MergeError::Environment { package: title.clone(), source };
        let environment = metadata.environment().map_err(failed)?.unwrap_or_default();
        let variables = Variables::parse(&String::from_utf8_lossy(&environment));
        let account = Account::read(metadata.text("CATEGORY").as_deref(), &variables);
        let defined = metadata.words("DEFINED_PHASES");
        let is_there = |phase: &Phase| package.part.is_none() && account.is_none() && defined.iter().any(|name| name == phase.name());
        let known = |phase: Phase| {
            let body = variables.function(&phase.function())?;
            KNOWN.iter().find(|(known, sha256, _)| *known == phase && *sha256 == body).map(|(_, _, action)| *action)
        };
        let mut actions: Vec<_> = Phase::ALL.into_iter().filter(is_there).map(|phase| (phase, known(phase))).collect();
        let flags = metadata.words("USE");
        // What one function leaves to the next can't be told from outside: either all of them are known, or all run.
        let can_be_done = actions.iter().all(|(_, action)| action.is_some_and(|action| can_be_done(action, &variables, &flags)));
        if !can_be_done {
            actions.iter_mut().for_each(|(_, action)| *action = None);
        }
        Ok(Self { title, variables, environment, account, actions, flags, added: Vec::new() })
    }

    /// What comes before the files.
    pub(super) fn before(&mut self, tree: &mut Tree, time: Time) -> Result<(), MergeError> {
        if let Some(account) = &self.account {
            account.add(tree, time)?;
        }
        for (_, action) in self.actions.clone() {
            match action {
                Some(Action::Libraries) => baselayout::make_libraries(tree, &self.variables, &self.flags, time)?,
                Some(Action::LibrariesAndLinks) => {
                    baselayout::make_libraries(tree, &self.variables, &self.flags, time)?;
                    self.added = baselayout::links(time);
                }
                Some(Action::Nothing | Action::FirstAccounts) | None => {}
            }
        }
        Ok(())
    }

    /// What comes after them.
    pub(super) fn after(&self, tree: &mut Tree, time: Time) -> Result<(), MergeError> {
        if self.actions.iter().any(|(_, action)| *action == Some(Action::FirstAccounts)) {
            baselayout::first_accounts(tree, time)?;
        }
        match &self.account {
            Some(account) => account.give_home(tree),
            None => Ok(()),
        }
    }

    /// What nobody here can carry out.
    pub(super) fn pending(self) -> Option<PendingPhases> {
        let phases: Vec<Phase> = self.actions.iter().filter(|(_, action)| action.is_none()).map(|(phase, _)| *phase).collect();
        (!phases.is_empty()).then_some(PendingPhases { package: self.title, phases, environment: self.environment })
    }
}

fn can_be_done(action: Action, variables: &Variables, flags: &[String]) -> bool {
    match action {
        Action::Libraries | Action::LibrariesAndLinks => baselayout::can_make_libraries(variables, flags),
        Action::FirstAccounts | Action::Nothing => true,
    }
}
