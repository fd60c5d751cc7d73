/** The kinds of directives that AllowOverride lets a .htaccess hold. */
export type Category = 'AuthConfig' | 'FileInfo' | 'Indexes' | 'Limit' | 'Options';

export interface Overridable {
  /** In lower case, as all names here; a section's begins with `<`. Empty where only AllowOverrideList can allow it. */
  readonly categories: readonly Category[];
  /** How many arguments it takes; null where it reads them itself. */
  readonly words: readonly [least: number, most: number] | null;
  /** On or Off. */
  readonly flag: boolean;
}

export const CATEGORIES: readonly Category[] = ['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options'];

/**
 * Every directive of Apache 2.4's own modules, and of mod_wsgi 4.9 to 6.0, that a .htaccess may hold, as their command
 * tables say it (req_override and args_how), with the number of arguments: `=1`, `=2-3`, `=1-` for one or more. Those
 * that would bring in more than stands there (Include, Define, Use, <Macro>) are left out on purpose.
 */
const TABLE: readonly (readonly [categories: readonly Category[], names: string])[] = [
  [CATEGORIES, `
    <Else <ElseIf <Files <FilesMatch <If <IfDefine <IfDirective <IfFile <IfModule <IfSection <IfVersion=1-3 <LuaHookAccessChecker <LuaHookAuthChecker <LuaHookCheckUserID
    <LuaHookFixups <LuaHookMapToStorage <LuaHookPreTranslateName <LuaHookTranslateName <LuaHookTypeChecker <LuaQuickHandler DeflateInflateLimitRequestBody=1
    DeflateInflateRatioBurst=1 DeflateInflateRatioLimit=1 FancyIndexing LimitRequestBody=1 LimitXMLRequestBody=1 LogIOTrackTTFB=flag Lua_____ByteCodeHack LuaCodeCache=1
    LuaHookAccessChecker=2-3 LuaHookAuthChecker=2-3 LuaHookCheckUserID=2-3 LuaHookFixups=2 LuaHookInsertFilter=2 LuaHookLog=2 LuaHookMapToStorage=2 LuaHookPreTranslateName=2
    LuaHookTranslateName=2-3 LuaHookTypeChecker=2 LuaInherit=1 LuaInputFilter=3 LuaMapHandler=2-3 LuaOutputFilter=3 LuaPackageCPath=1 LuaPackagePath=1 LuaQuickHandler=2 LuaRoot=1
    LuaScope=1-3 RLimitCPU=1-2 RLimitMEM=1-2 RLimitNPROC=1-2 ServerSignature=1 SSIErrorMsg=1 SSITimeFormat=1 SSIUndefinedEcho=1 SSLLog SSLLogLevel xml2EncDefault=1
    xml2StartParse=1-`],
  [['AuthConfig'], `
    <RequireAll <RequireAny <RequireNone <RequireNotAll Anonymous=1- Anonymous_LogEmail=flag Anonymous_MustGiveEmail=flag Anonymous_NoUserId=flag Anonymous_VerifyEmail=flag
    AuthBasicAuthoritative=flag AuthBasicFake=1-2 AuthBasicProvider=1- AuthBasicUseDigestAlgorithm=1 AuthDBMGroupFile=1 AuthDBMType=1 AuthDBMUserFile=1 AuthDigestAlgorithm=1
    AuthDigestDomain=1- AuthDigestNcCheck=flag AuthDigestNonceFormat=1 AuthDigestNonceLifetime=1 AuthDigestProvider=1- AuthDigestQop=1- AuthFormAuthoritative=flag AuthFormBody=1
    AuthFormDisableNoStore=flag AuthFormFakeBasicAuth=flag AuthFormLocation=1 AuthFormLoginRequiredLocation=1 AuthFormLoginSuccessLocation=1 AuthFormLogoutLocation=1
    AuthFormMethod=1 AuthFormMimetype=1 AuthFormPassword=1 AuthFormProvider=1- AuthFormSitePassphrase=1 AuthFormUsername=1 AuthGroupFile=1 AuthLDAPAuthorizePrefix=1
    AuthLDAPBindAuthoritative=flag AuthLDAPBindDN=1 AuthLDAPBindPassword=1 AuthLDAPCompareAsUser=flag AuthLDAPCompareDNOnServer=flag AuthLDAPDereferenceAliases=1
    AuthLDAPGroupAttribute=1- AuthLDAPGroupAttributeIsDN=flag AuthLDAPInitialBindAsUser=flag AuthLDAPInitialBindPattern=2 AuthLDAPMaxSubGroupDepth=1 AuthLDAPRemoteUserAttribute=1
    AuthLDAPRemoteUserIsDN=flag AuthLDAPSearchAsUser=flag AuthLDAPSubGroupAttribute=1- AuthLDAPSubGroupClass=1- AuthLDAPURL=1-2 AuthMerging=1 AuthName=1 AuthnCacheProvideFor=1-
    AuthnCacheTimeout=1 AuthType=1 AuthUserFile=1 AuthzDBMType=1 AuthzSendForbiddenOnFailure=flag CGIPassAuth=flag H2Push=1 H2Upgrade=1 LDAPReferralHopLimit=1 LDAPReferrals=1
    LDAPTrustedClientCert=2-3 MDRequireHttps=1 Require Satisfy=1 Session=flag SessionCookieName SessionCookieName2 SessionCookieRemove=flag SessionCryptoCipher=1
    SessionCryptoPassphrase=1- SessionDBDCookieName SessionDBDCookieName2 SessionDBDCookieRemove=flag SessionDBDDeleteLabel=1 SessionDBDInsertLabel=1 SessionDBDPerUser=flag
    SessionDBDSelectLabel=1 SessionDBDUpdateLabel=1 SessionEnv=flag SessionExclude=1 SessionExpiryUpdateInterval=1 SessionHeader=1 SessionInclude=1 SessionMaxAge=1
    SSLCACertificateFile=1 SSLCACertificatePath=1 SSLCipherSuite=1-2 SSLRenegBufferSize=1 SSLRequire SSLRequireSSL=0 SSLUserName=1 SSLVerifyClient=1 SSLVerifyDepth=1
    WSGIAccessScript WSGIAuthGroupScript WSGIAuthUserScript WSGIGroupAuthoritative=1 WSGIUserAuthoritative=1`],
  [['AuthConfig', 'FileInfo'], `
    H2EarlyHint=2 H2PushResource=1-3`],
  [['AuthConfig', 'Limit'], `
    <Limit <LimitExcept`],
  [['FileInfo'], `
    AcceptPathInfo=1 Action=2-3 AddCharset=2- AddDefaultCharset=1 AddEncoding=2- AddHandler=2- AddInputFilter=2- AddLanguage=2- AddOutputFilter=2- AddOutputFilterByType AddType=2-
    AliasPreservePath=flag AuthnzFcgiCheckAuthnProvider BrowserMatch BrowserMatchNoCase CGIVar=2 CharsetDefault=1 CharsetOptions=1- CharsetSourceEnc=1 CookieDomain=1
    CookieExpires=1 CookieHttpOnly=flag CookieName=1 CookieSameSite=1 CookieSecure=flag CookieStyle=1 CookieTracking=flag DefaultLanguage=1 DefaultType=1 EnableMMAP=1
    EnableSendfile=1 ErrorDocument=2 FileETag ForceLanguagePriority=1- ForceType=1 H2CopyFiles=1 H2ProxyRequests=1 Header ISAPIAppendLogToErrors=flag ISAPIAppendLogToQuery=flag
    ISAPIFakeAsync=flag ISAPILogNotSupported=flag ISAPIReadAheadBuffer=1 LanguagePriority=1- MultiviewsMatch=1- PassEnv=1- ProxyExpressDBMFile=1 ProxyExpressDBMType=1
    ProxyExpressEnable=flag ProxyFCGIBackendType=1 ProxyFCGISetEnvIf=2-3 ProxyHCExpr ProxyHCTemplate QualifyRedirectURL=flag Redirect=1-3 RedirectMatch=2-3 RedirectPermanent=2
    RedirectRelative=flag RedirectTemp=2 RemoveCharset=1- RemoveEncoding=1- RemoveHandler=1- RemoveInputFilter=1- RemoveLanguage=1- RemoveOutputFilter=1- RemoveType=1-
    RequestHeader RewriteBase=1 RewriteCond RewriteEngine=flag RewriteOptions=1- RewriteRule ScriptInterpreterSource=1 SetEnv=1-2 SetEnvIf SetEnvIfExpr SetEnvIfNoCase SetHandler=1
    SetInputFilter=1 SetOutputFilter=1 Substitute=1 SubstituteInheritBefore=flag SubstituteMaxLineLength=1 UnsetEnv=1- WSGICallableObject=1 WSGIChunkedRequest=1
    WSGIEnableSendfile=1 WSGIErrorOverride=1 WSGIIgnoreActivity=1 WSGIMapHEADToGET=1 WSGIPassAuthorization=1 WSGIScriptReloading=1 WSGITrustedProxies WSGITrustedProxyHeaders`],
  [['Indexes'], `
    AddAlt=2- AddAltByEncoding=2- AddAltByType=2- AddDescription=2- AddIcon=2- AddIconByEncoding=2- AddIconByType=2- DefaultIcon=1 DirectoryCheckHandler=flag DirectoryIndex
    DirectoryIndexRedirect=1 DirectorySlash=flag ExpiresActive=flag ExpiresByType=2 ExpiresDefault=1 FallbackResource=1 HeaderName=1 ImapBase=1 ImapDefault=1 ImapMenu=1
    IndexHeadInsert=1 IndexIgnore=1- IndexIgnoreReset=flag IndexOptions IndexOrderDefault=2 IndexStyleSheet=1 MetaDir=1 MetaFiles=flag MetaSuffix=1 ReadmeName=1`],
  [['Limit'], `
    allow=2- deny=2- order=1 SSIEtag=flag SSILastModified=flag SSILegacyExprParser=flag`],
  [['Options'], `
    CheckBasenameMatch=flag CheckCaseOnly=flag CheckSpelling=flag ContentDigest=flag FilterChain=1- FilterDeclare=1-2 FilterProtocol=2-3 FilterProvider=3 Options
    ReflectorHeader=1-2 SSLOptions XBitHack=1`],
  // In <Directory> only, or by name in AllowOverrideList.
  [[], `
    Alias AllowMethods AllowOverride AllowOverrideList AuthDBDUserPWQuery AuthDBDUserRealmQuery AuthFormSize AuthnCacheContext AuthzDBDLoginToReferer AuthzDBDQuery
    AuthzDBDRedirectQuery BalancerMember BufferSize CacheDefaultExpire CacheDetailHeader CacheDisable CacheEnable CacheHeader CacheIgnoreNoLastMod CacheLastModifiedFactor
    CacheMaxExpire CacheMaxFileSize CacheMinExpire CacheMinFileSize CacheReadSize CacheReadTime CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheReadSize
    CacheSocacheReadTime CacheStaleOnError CacheStoreExpired CacheStoreNoStore CacheStorePrivate CGIDScriptTimeout CGIScriptTimeout DAV DAVBasePath DAVDepthInfinity
    DAVGenericLockDB DAVLockDiscovery DAVMinTimeout ExtFilterOptions FilterTrace HostnameLookups IdentityCheck IdentityCheckTimeout InputSed KeptBodySize LogLevel LogMessage
    MaxRangeOverlaps MaxRangeReversals MaxRanges ModMimeUsePathInfo OutputSed PrivilegesMode Proxy100Continue ProxyAddHeaders ProxyErrorOverride ProxyFtpDirCharset
    ProxyFtpEscapeWildcards ProxyFtpListOnWildcard ProxyHTMLBufSize ProxyHTMLCharsetOut ProxyHTMLDoctype ProxyHTMLEnable ProxyHTMLEvents ProxyHTMLExtended ProxyHTMLFixups
    ProxyHTMLInterp ProxyHTMLLinks ProxyHTMLMeta ProxyHTMLStripComments ProxyHTMLURLMap ProxyPass ProxyPassInterpolateEnv ProxyPassMatch ProxyPassReverse
    ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxyPreserveHost ProxySCGIInternalRedirect ProxySCGISendfile ProxySet ProxyWebsocketFallbackToProxyHttp ReadBufferSize
    Script ScriptAlias SessionCryptoPassphraseFile UseCanonicalName UseCanonicalPhysicalPort WSGIApplicationGroup WSGIDispatchScript WSGIHandlerScript WSGIPassApacheRequest
    WSGIProcessGroup WSGIRestrictProcess`],
];

/** Of modules that are not Apache's, those that people have beside mod_wsgi. */
const OTHERS: readonly (readonly [category: Category, names: RegExp])[] = [
  ['AuthConfig', /^(?:shib|mellon|oidc|gssapi|krb|cas|authexternal|groupexternal|authpam)[a-z0-9_]*$/u],
  ['FileInfo', /^xsendfile[a-z]*$/u],
  ['Options', /^php_(?:value|flag)$/u],
];

const BY_NAME = new Map(TABLE.flatMap(([categories, names]) => names.trim().split(/\s+/u).map((entry): [string, Overridable] => {
  const [name = '', words] = entry.split('=');
  const [least = '', most] = words === undefined || words === 'flag' ? ['1', '1'] : words.split('-');
  const count = words === undefined ? null : [Number(least), most === undefined ? Number(least) : most === '' ? Infinity : Number(most)] as const;
  return [name.toLowerCase(), { categories, words: count, flag: words === 'flag' }];
})));

/** `name` in lower case, with the `<` of a section. Null for what no .htaccess may hold, or is not known here. */
export function overridable(name: string): Overridable | null {
  const known = BY_NAME.get(name);
  if (known !== undefined) return known;
  const other = OTHERS.find(([, names]) => names.test(name));
  return other === undefined ? null : { categories: [other[0]], words: null, flag: false };
}
